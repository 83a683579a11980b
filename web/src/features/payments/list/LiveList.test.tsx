import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { detection } from "../../../test/builders/detections";
import { listedPayments } from "../../../test/builders/payments";
import { fakeApi, pageOf, sendProblem } from "../../../test/fakeApi";
import { FakeEventSource } from "../../../test/fakeEventSource";
import { FakeIntersectionObserver } from "../../../test/fakeIntersectionObserver";
import { paymentRows, renderPayments } from "../../../test/paymentList";
import { renderApp } from "../../../test/renderApp";

/** jsdom has no movement of the pointer. */
function moveOver(element: Element) {
  const moved = new MouseEvent("pointermove", { bubbles: true });
  Object.defineProperty(moved, "movementX", { value: 5 });
  act(() => {
    element.dispatchEvent(moved);
  });
}

/** A newer decision on a listed payment, which blocks it. */
const newer = (index: number) =>
  detection({ id: "newer", payment_id: `stripe:pi_older_${index}`, version: 2, decision: "block" });

describe("the live list", () => {
  it("holds new rows while paused", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(1)) });
    const stream = await renderPayments();
    await userEvent.click(screen.getByRole("button", { name: "Pause the list" }));
    stream.emit("detection.created", detection());

    expect(await screen.findByRole("button", { name: "1 new" })).toBeVisible();
    expect(paymentRows()).toHaveLength(1);

    await userEvent.click(screen.getByRole("button", { name: "Resume the list" }));
    expect(paymentRows()).toHaveLength(2);
    expect(screen.queryByRole("button", { name: "1 new" })).not.toBeInTheDocument();
  });

  it("holds new rows while scrolled down and shows them at the top", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(1)) });
    const stream = await renderPayments();
    FakeIntersectionObserver.setTopVisible(false);
    stream.emit("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });

    FakeIntersectionObserver.setTopVisible(true);
    expect(paymentRows()).toHaveLength(2);
  });

  it("holds new rows while the pointer is over the rows", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(1)) });
    const stream = await renderPayments();
    await userEvent.hover(screen.getByRole("table"));
    moveOver(screen.getByRole("table"));
    stream.emit("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });
    expect(paymentRows()).toHaveLength(1);

    await userEvent.unhover(screen.getByRole("table"));
    expect(paymentRows()).toHaveLength(2);
  });

  it("shows new rows under a pointer that did not move", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(1)) });
    const stream = await renderPayments();
    await userEvent.hover(screen.getByRole("table"));
    stream.emit("detection.created", detection());
    await waitFor(() => {
      expect(paymentRows()).toHaveLength(2);
    });
  });

  it("holds new rows while a row has the focus", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)) });
    const stream = await renderPayments();
    const [first, second] = screen.getAllByRole("button", { name: /details$/ });
    act(() => {
      first?.focus();
    });
    stream.emit("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });
    act(() => {
      second?.focus();
    });
    expect(paymentRows()).toHaveLength(2);

    await userEvent.click(screen.getByRole("button", { name: "1 new" }));
    expect(paymentRows()).toHaveLength(3);
  });

  it("changes a row in place, also while it has the focus", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)) });
    const stream = await renderPayments();
    const second = screen.getAllByRole("button", { name: /details$/ })[1];
    act(() => {
      second?.focus();
    });
    stream.emit("detection.created", newer(1));
    await screen.findByText("Blocked", { selector: "td *" });
    expect(paymentRows()[1]).toHaveTextContent("Blocked");
    expect(second).toHaveFocus();
    expect(screen.queryByRole("button", { name: /new$/ })).not.toBeInTheDocument();
  });

  it("holds new rows while rows are selected or a payment is open", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)) });
    const stream = await renderPayments();
    await userEvent.click(screen.getAllByRole("checkbox").slice(-1)[0] ?? document.body);
    await userEvent.unhover(screen.getByRole("table"));
    act(() => {
      (document.activeElement as HTMLElement).blur();
    });
    stream.emit("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });
    expect(paymentRows()).toHaveLength(2);

    await userEvent.click(screen.getByRole("button", { name: "Clear the selection" }));
    await waitFor(() => {
      expect(paymentRows()).toHaveLength(3);
    });
  });

  it("shows older pages while rows are held", async () => {
    fakeApi({
      "GET /api/v1/payments": ({ query }) =>
        query.has("cursor") ? pageOf(listedPayments(3).slice(2)) : pageOf(listedPayments(2), "next"),
    });
    await renderPayments();
    FakeIntersectionObserver.setTopVisible(false);
    await userEvent.click(screen.getByRole("button", { name: "Load older" }));

    await waitFor(() => {
      expect(paymentRows()).toHaveLength(3);
    });
    expect(screen.queryByRole("button", { name: /new$/ })).not.toBeInTheDocument();
  });

  it("keeps a row that no longer matches the filter while the pointer is over the rows", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2, { decision: "review" })) });
    renderApp("/payments?decision=review");
    const table = await screen.findByRole("table");
    FakeEventSource.latest.open();
    moveOver(table);
    FakeEventSource.latest.emit("detection.created", newer(0));
    await screen.findByText("Blocked", { selector: "td *" });
    expect(paymentRows()).toHaveLength(2);

    await userEvent.hover(table);
    await userEvent.unhover(table);
    expect(paymentRows()).toHaveLength(1);
    expect(paymentRows()[0]).toHaveTextContent("In review");
  });

  it("shows a failure and retries on request", async () => {
    let up = false;
    fakeApi({
      "GET /api/v1/payments": () =>
        up ? pageOf(listedPayments(1)) : sendProblem({ status: 503, code: "unavailable", detail: "the database is not responding" }),
    });
    renderApp();
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("the database is not responding");

    up = true;
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("table")).toBeVisible();
  });

  describe("while decisions cannot be loaded", () => {
    async function renderFailing() {
      const api = { up: false };
      fakeApi({
        "GET /api/v1/payments": () =>
          api.up ? pageOf(listedPayments(2, { decision: "block" }), "next") : sendProblem({ status: 503, code: "unavailable" }),
      });
      renderApp("/payments?decision=block");
      await screen.findByRole("alert");
      return api;
    }

    async function expectComplete() {
      await waitFor(() => {
        expect(paymentRows()).toHaveLength(2);
      });
      expect(screen.queryByRole("alert")).not.toBeInTheDocument();
      expect(screen.getByRole("button", { name: "Load older" })).toBeVisible();
    }

    it("shows the failure above the decisions that the stream reports", async () => {
      await renderFailing();
      FakeEventSource.latest.emit("detection.created", detection({ decision: "block" }));
      await screen.findByRole("table");

      expect(paymentRows()).toHaveLength(1);
      expect(screen.getByRole("alert")).toHaveTextContent("Payments could not be loaded");
    });

    it("retries automatically", async () => {
      vi.useFakeTimers({ shouldAdvanceTime: true });
      try {
        const api = await renderFailing();
        api.up = true;
        await vi.advanceTimersByTimeAsync(10_000);
        await expectComplete();
      } finally {
        vi.useRealTimers();
      }
    });

    it("retries when the stream reconnects", async () => {
      const api = await renderFailing();
      api.up = true;
      FakeEventSource.latest.open();
      await expectComplete();
    });
  });
});
