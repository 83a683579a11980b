import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { conversion } from "../../../test/builders/conversions";
import { trustChange } from "../../../test/builders/customers";
import { detection } from "../../../test/builders/detections";
import { listedPayment, listedPayments } from "../../../test/builders/payments";
import { fakeApi, pageOf } from "../../../test/fakeApi";
import { FakeEventSource } from "../../../test/fakeEventSource";
import { paymentRows, renderPayments } from "../../../test/paymentList";
import { renderApp } from "../../../test/renderApp";

describe("the list of payments", () => {
  it("adds reported decisions, and updates their rows", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)) });
    const stream = await renderPayments();
    stream.emit("detection.created", detection({ amount_minor: 4_800, currency: "JPY" }));

    await waitFor(() => {
      expect(paymentRows()).toHaveLength(3);
    });
    expect(paymentRows()[0]).toHaveTextContent("¥4,800");

    stream.emit("trust.updated", trustChange());
    stream.emit("conversion.dispatched", conversion());
    await waitFor(() => {
      expect(paymentRows()[0]).toHaveTextContent("Sent to Meta");
    });
    expect(paymentRows()[0]).toHaveTextContent(/Trust52.*up 2/);
  });

  it("shows a payment once, by its newest decision", async () => {
    const known = listedPayment({}, { version: 2, risk_score: 40, decision: "review" });
    fakeApi({ "GET /api/v1/payments": () => pageOf([known, ...listedPayments(1)]) });
    const stream = await renderPayments();
    stream.emit("detection.created", detection({ id: "late", version: 1 }));
    stream.emit("detection.created", detection({ id: "newer", version: 4, risk_score: 85, decision: "block" }));
    stream.emit("detection.created", detection({ id: "later", version: 3, risk_score: 5 }));

    await waitFor(() => {
      expect(paymentRows()[0]).toHaveTextContent(/Blocked.*85.*Paid, not refunded/);
    });
    expect(paymentRows()).toHaveLength(2);
  });

  it("reads the list again when the stream has left out events, and shows nothing from before in between", async () => {
    let listed = listedPayments(2);
    fakeApi({ "GET /api/v1/payments": () => pageOf(listed) });
    const stream = await renderPayments();
    stream.emit("detection.created", detection());
    await waitFor(() => {
      expect(paymentRows()).toHaveLength(3);
    });

    // So many came since that the newest page no longer has the decided payment.
    listed = [listedPayment({ id: "stripe:pi_newest", created_at: "2027-01-01T00:00:00.000000Z" })];
    stream.emit("events.skipped", { payments: 750 });
    await waitFor(() => {
      expect(paymentRows()).toHaveLength(1);
    });
    stream.emit("detection.created", detection({ id: "next", payment_id: "stripe:pi_next", occurred_at: "2027-01-01T00:00:01.000000Z" }));
    await waitFor(() => {
      expect(paymentRows()).toHaveLength(2);
    });
  });

  it("holds what the stream has left out while rows are held", async () => {
    let listed = listedPayments(1);
    fakeApi({ "GET /api/v1/payments": () => pageOf(listed) });
    const stream = await renderPayments();
    await userEvent.click(screen.getByRole("button", { name: "Pause the list" }));
    const newer = listedPayment({ id: "stripe:pi_newest", created_at: "2027-01-01T00:00:00.000000Z" });
    listed = [newer, ...listedPayments(1)];
    stream.emit("events.skipped", { payments: 750 });

    const pill = await screen.findByRole("button", { name: "Many new" });
    expect(paymentRows()).toHaveLength(1);
    await userEvent.click(pill);
    await waitFor(() => {
      expect(paymentRows()).toHaveLength(2);
    });
    expect(pill).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Resume the list" })).toBeVisible();
  });

  it("reads the list again when the buyer's trust shows that money moved", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    try {
      let state: "succeeded" | "disputed" = "succeeded";
      fakeApi({ "GET /api/v1/payments": () => pageOf([listedPayment({ state })]) });
      const stream = await renderPayments();
      state = "disputed";
      stream.emit("trust.updated", trustChange({ cause: "dispute_opened" }));
      await vi.advanceTimersByTimeAsync(10_000);

      await waitFor(() => {
        expect(paymentRows()[0]).toHaveTextContent("Disputed");
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows a colleague's verdict", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf([listedPayment()]) });
    const stream = await renderPayments();
    const given = { payment_id: "stripe:pi_1", occurred_at: "2026-11-20T12:00:09.000000Z" };
    stream.emit("verdict.given", { ...given, verdict: "fraud" });
    await waitFor(() => {
      expect(paymentRows()[0]).toHaveTextContent("Judged as fraud");
    });

    stream.emit("verdict.given", { ...given, verdict: "withdrawn" });
    await waitFor(() => {
      expect(paymentRows()[0]).not.toHaveTextContent("Judged as fraud");
    });
  });

  it("marks a conversion that should not have been sent", async () => {
    fakeApi({
      "GET /api/v1/payments": () => pageOf([listedPayment({ conversion: { ...conversion(), count: 1 } })]),
    });
    const stream = await renderPayments();
    stream.emit("conversion.correction_changed", conversion({ correction: "blocked" }));

    expect(await screen.findByText("should not have been sent: payment is blocked now", { exact: false })).toBeVisible();
    expect(paymentRows()[0]).toHaveTextContent("Sent to Meta · should not have been sent: payment is blocked now");

    stream.emit("conversion.correction_changed", conversion({ updated_at: "2026-11-20T12:00:09.000000Z" }));
    await waitFor(() => {
      expect(paymentRows()[0]).not.toHaveTextContent("should not have been sent");
    });
  });

  it("sends a buyer's email in a body, and keeps it out of the address", async () => {
    const asked = vi.fn(({ body }: { body: unknown }) => pageOf(body === undefined ? [] : listedPayments(1)));
    const { calls } = fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)), "POST /api/v1/payments/search": asked });
    await renderPayments();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Search by" }), "Email");
    await userEvent.type(screen.getByRole("searchbox"), "ana@example.com{Enter}");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Decision" }), "Allowed");

    await waitFor(() => {
      expect(asked.mock.lastCall?.[0].body).toEqual({ email: "ana@example.com", decision: ["allow"], limit: 50 });
    });
    expect(calls.join(" ")).not.toContain("ana");
    expect(paymentRows()).toHaveLength(1);
  });

  it("does not add payments of the stream to a search", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(1)) });
    renderApp("/payments?q=HP77");
    await screen.findByRole("table");
    FakeEventSource.latest.emit("detection.created", detection());
    FakeEventSource.latest.emit("detection.created", detection({ payment_id: "stripe:pi_older_0", version: 2, decision: "block" }));
    await screen.findByText("Blocked", { selector: "td *" });

    expect(paymentRows()).toHaveLength(1);
  });

  it("refetches after a gap in the stream", async () => {
    let known = listedPayments(1);
    fakeApi({ "GET /api/v1/payments": () => pageOf(known) });
    const stream = await renderPayments();
    known = listedPayments(3);
    stream.emit("reset", {});

    await waitFor(() => {
      expect(paymentRows()).toHaveLength(3);
    });
  });
});
