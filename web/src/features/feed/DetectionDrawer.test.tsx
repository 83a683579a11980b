import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { Detection } from "../../api/types";
import { conversion } from "../../test/builders/conversions";
import { trustChange, trustEntry } from "../../test/builders/customers";
import { detection } from "../../test/builders/detections";
import { fakeApi, pageOf } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { feedRows, renderFeed } from "../../test/feedScreen";
import { renderApp } from "../../test/renderApp";

describe("the details of a decision", () => {
  const degraded = detection({ degraded: ["velocity"], payment_id: "stripe:pi_9" });

  async function openDetails() {
    const { calls } = fakeApi({
      "GET /api/v1/detections": () => pageOf([degraded]),
      [`GET /api/v1/detections/${degraded.id}`]: () => degraded,
      "GET /api/v1/conversions": () =>
        pageOf([
          conversion({ status: "failed", attempts: 3, reason: "token expired" }),
          conversion({ id: "corrected", correction: "blocked" }),
          conversion({ id: "unmatched", match: { method: "none", confidence: 0, click_id: null } }),
        ]),
      [`GET /api/v1/customers/${degraded.customer_id ?? ""}`]: () => ({
        id: degraded.customer_id,
        trust_score: 4,
        status: "neutral",
        created_at: degraded.created_at,
        updated_at: degraded.created_at,
        history: [
          trustEntry({ version: 3, status: "blocked", cause: "status_set", actor: "ana@shop.example", reason: "stolen card" }),
          trustEntry({ version: 2, score_before: 54, cause: "dispute_opened" }),
        ],
      }),
    });
    await renderFeed();
    // What was fetched before the stream was live is fetched again.
    await waitFor(() => {
      expect(calls.filter((call) => call.startsWith("GET /api/v1/destinations"))).toHaveLength(2);
    });
    await userEvent.click(screen.getByRole("button", { name: "R$297.00, details" }));
    return { dialog: await screen.findByRole("dialog", { name: "Decision" }), calls };
  }

  it("show detectors, missing detectors, trust and attempts", async () => {
    const { dialog } = await openDetails();

    expect(await within(dialog).findByText("Trust history")).toBeVisible();
    expect(dialog).toHaveTextContent("0.42 ms");
    expect(dialog).toHaveTextContent("Decided without Velocity");
    expect(await within(dialog).findByText("Dispute opened")).toBeVisible();
    expect(dialog).toHaveTextContent("Blocked by ana@shop.example: stolen card");
    expect(dialog).toHaveTextContent("3 attempts");
    expect(dialog).toHaveTextContent("token expired");
    expect(dialog).toHaveTextContent("matched by click ID (100%)");
    expect(dialog).toHaveTextContent("Purchase · no matching click");
    expect(dialog).toHaveTextContent("Sent to Meta · should not have been sent: payment is blocked now");
  });

  it("refetch the customer, payment and conversions that the stream reports a change to", async () => {
    const { dialog, calls } = await openDetails();
    await within(dialog).findByText("Dispute opened");
    const requests = (path: string) => calls.filter((call) => call === `GET /api/v1/${path}`).length;
    const customer = `customers/${degraded.customer_id ?? ""}`;
    const payment = "payments/stripe%3Api_9";
    const conversions = "conversions?payment_id=stripe%3Api_9";
    expect([customer, payment, conversions].map(requests)).toEqual([1, 1, 1]);

    FakeEventSource.latest.emit("trust.updated", trustChange());
    await waitFor(() => {
      expect([customer, payment, conversions].map(requests)).toEqual([2, 1, 1]);
    });

    FakeEventSource.latest.emit("conversion.dispatched", conversion({ payment_id: degraded.payment_id }));
    await waitFor(() => {
      expect([customer, payment, conversions].map(requests)).toEqual([2, 2, 2]);
    });
  });

  it("close and show the list again", async () => {
    const { dialog } = await openDetails();
    await userEvent.click(within(dialog).getByRole("button", { name: "Close" }));

    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(feedRows()).toHaveLength(1);
  });

  describe("of a payment that was decided on several times", () => {
    const started = detection({
      id: "started",
      payment_type: "payment.created.v1",
      event_id: "event-0",
      decision: "review",
      risk_score: 44,
      reasons: ["trust_history.low_trust"],
    });
    const paid = detection({ id: "paid", version: 2, replaces: "started" });
    const again = detection({
      id: "again",
      version: 4,
      replaces: "paid",
      decision: "block",
      risk_score: 85,
      override: "blocked",
    });

    /** The API with these decisions, newest first, of which the one with this id is open. */
    async function open(id: string, ...all: Detection[]) {
      const known = [...all];
      const find = (wanted: string) => () => {
        const [current] = known;
        const found = known.find((each) => each.id === wanted);
        return { ...found, replaced_by: current?.id === wanted ? null : current?.id };
      };
      const { calls } = fakeApi({
        "GET /api/v1/detections": ({ query }) => pageOf(query.has("payment_id") ? known : known.slice(0, 1)),
        ...Object.fromEntries(["started", "paid", "again", "last"].map((each) => [`GET /api/v1/detections/${each}`, find(each)])),
      });
      renderApp(`/payments?detection=${id}`);
      const dialog = await screen.findByRole("dialog", { name: "Decision" });
      FakeEventSource.latest.open();
      return { dialog, known, calls };
    }

    const history = async (dialog: HTMLElement) => {
      const section = await within(dialog).findByRole("region", { name: "Earlier decisions" });
      return within(section).getAllByRole("listitem").map((each) => each.textContent);
    };

    it("list the earlier decisions with what led to them", async () => {
      const { dialog } = await open("again", again, paid, started);

      expect(await history(dialog)).toEqual([
        expect.stringMatching(/^AllowedRisk 12.*PaidFirst payment of this customer$/),
        expect.stringMatching(/^In reviewRisk 44.*StartedLow trust score$/),
      ]);
      expect(within(dialog).queryByText(/Replaced by/)).not.toBeInTheDocument();
    });

    it("open an earlier decision in the same panel, and say what replaced it", async () => {
      const { dialog } = await open("again", again, paid, started);
      await userEvent.click(await within(dialog).findByRole("button", { name: "Allowed, risk 12, details" }));

      expect(await within(dialog).findByText("Replaced by a newer decision: Blocked, risk 85")).toBeVisible();
      expect(within(dialog).getByRole("heading", { name: "Decision", level: 2 })).toHaveFocus();
      expect(await history(dialog)).toEqual([expect.stringContaining("Started")]);

      await userEvent.click(within(dialog).getByRole("button", { name: "Show newer decision" }));
      await waitFor(() => {
        expect(dialog).toHaveTextContent("Risk 85 of 100");
      });
      expect(dialog).not.toHaveTextContent("Replaced by");
    });

    it("report a replacement as the stream brings it", async () => {
      const { dialog, known } = await open("paid", paid, started);
      expect(await history(dialog)).toHaveLength(1);
      expect(dialog).not.toHaveTextContent("Replaced by");

      known.unshift(again);
      FakeEventSource.latest.emit("detection.created", again);
      const notice = await within(dialog).findByText("Replaced by a newer decision: Blocked, risk 85");
      expect(notice.closest("[role=status]")).toBeVisible();
    });

    it("say that a decision was made again because of further details", async () => {
      const retried = detection({ id: "last", version: 5, replaces: "again", event_id: "event-2" });
      const { dialog } = await open("last", retried, again, paid, started);

      expect(await history(dialog)).toEqual([
        expect.stringMatching(/^BlockedRisk 85.*Paid, with further detailsOn the blocklist$/),
        expect.stringMatching(/PaidFirst payment of this customer$/),
        expect.stringMatching(/StartedLow trust score$/),
      ]);
    });

    it("have no history after a single decision", async () => {
      const { dialog, calls } = await open("started", started);
      await waitFor(() => {
        expect(calls).toContain("GET /api/v1/detections?payment_id=stripe%3Api_1&limit=200");
      });
      await within(dialog).findByText("Reported");

      expect(within(dialog).queryByRole("region", { name: "Earlier decisions" })).not.toBeInTheDocument();
    });
  });
});
