import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { detection, detections } from "../../../test/builders/detections";
import { fakeApi, pageOf, sendProblem } from "../../../test/fakeApi";
import { FakeEventSource } from "../../../test/fakeEventSource";
import { FakeIntersectionObserver } from "../../../test/fakeIntersectionObserver";
import { feedRows, renderFeed } from "../../../test/feedScreen";
import { renderApp } from "../../../test/renderApp";

/** jsdom has no movement of the pointer. */
function moveOver(element: Element) {
  const moved = new MouseEvent("pointermove", { bubbles: true });
  Object.defineProperty(moved, "movementX", { value: 5 });
  act(() => {
    element.dispatchEvent(moved);
  });
}

const NEWER = { id: "newer", version: 2, decision: "block", created_at: "2026-11-20T13:00:00.000000Z" } as const;

describe("the live list", () => {
  it("holds new rows while paused", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf(detections(1)) });
    const stream = await renderFeed();
    await userEvent.click(screen.getByRole("button", { name: "Pause the live feed" }));
    stream.emit("detection.created", detection());

    expect(await screen.findByRole("button", { name: "1 new" })).toBeVisible();
    expect(feedRows()).toHaveLength(1);

    await userEvent.click(screen.getByRole("button", { name: "Resume the live feed" }));
    expect(feedRows()).toHaveLength(2);
    expect(screen.queryByRole("button", { name: "1 new" })).not.toBeInTheDocument();
  });

  it("holds new rows while scrolled down and shows them at the top", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf(detections(1)) });
    const stream = await renderFeed();
    FakeIntersectionObserver.setTopVisible(false);
    stream.emit("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });

    FakeIntersectionObserver.setTopVisible(true);
    expect(feedRows()).toHaveLength(2);
  });

  it("holds new rows while the pointer is over the rows", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf(detections(1)) });
    const stream = await renderFeed();
    await userEvent.hover(screen.getByRole("table"));
    moveOver(screen.getByRole("table"));
    stream.emit("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });
    expect(feedRows()).toHaveLength(1);

    await userEvent.unhover(screen.getByRole("table"));
    expect(feedRows()).toHaveLength(2);
  });

  it("shows new rows under a pointer that did not move", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf(detections(1)) });
    const stream = await renderFeed();
    await userEvent.hover(screen.getByRole("table"));
    stream.emit("detection.created", detection());
    await waitFor(() => {
      expect(feedRows()).toHaveLength(2);
    });
  });

  it("holds new rows while a row has the focus", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf(detections(2)) });
    const stream = await renderFeed();
    const [first, second] = screen.getAllByRole("button", { name: /details$/ });
    act(() => {
      first?.focus();
    });
    stream.emit("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });
    act(() => {
      second?.focus();
    });
    expect(feedRows()).toHaveLength(2);

    await userEvent.click(screen.getByRole("button", { name: "1 new" }));
    expect(feedRows()).toHaveLength(3);
  });

  it("changes a row in place while it has the focus, and moves it afterwards", async () => {
    const listed = detections(2);
    fakeApi({ "GET /api/v1/detections": () => pageOf(listed) });
    const stream = await renderFeed();
    const second = screen.getAllByRole("button", { name: /details$/ })[1];
    act(() => {
      second?.focus();
    });
    stream.emit("detection.created", detection({ ...listed[1], ...NEWER }));
    await screen.findByText("Blocked", { selector: "td *" });
    expect(feedRows()[1]).toHaveTextContent("Blocked");
    expect(second).toHaveFocus();
    expect(screen.queryByRole("button", { name: /new$/ })).not.toBeInTheDocument();

    act(() => {
      second?.blur();
    });
    expect(feedRows().map((row) => within(row).queryByText("Blocked") !== null)).toEqual([true, false]);
  });

  it("keeps a row that no longer matches the filter while the pointer is over the rows", async () => {
    const listed = detections(2, { decision: "review" });
    fakeApi({ "GET /api/v1/detections": () => pageOf(listed) });
    renderApp("/payments?decision=review");
    const table = await screen.findByRole("table");
    FakeEventSource.latest.open();
    moveOver(table);
    FakeEventSource.latest.emit("detection.created", detection({ ...listed[0], ...NEWER }));
    await screen.findByText("Blocked", { selector: "td *" });
    expect(feedRows()).toHaveLength(2);

    await userEvent.hover(table);
    await userEvent.unhover(table);
    expect(feedRows()).toHaveLength(1);
    expect(feedRows()[0]).toHaveTextContent("In review");
  });

  it("requests the filtered decisions", async () => {
    const { calls } = fakeApi({ "GET /api/v1/detections": () => pageOf(detections(1)) });
    await renderFeed();
    await userEvent.click(screen.getByRole("radio", { name: "Blocked" }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Gateway" }), "Hotmart");

    await waitFor(() => {
      expect(calls).toContain("GET /api/v1/detections?current=true&limit=100&decision=block&gateway=hotmart");
    });
  });

  it("ignores an unknown gateway in the address", async () => {
    const { calls } = fakeApi({ "GET /api/v1/detections": () => pageOf(detections(1)) });
    renderApp("/payments?gateway=nope");
    await screen.findByRole("table");

    expect(screen.getByRole("combobox", { name: "Gateway" })).toHaveDisplayValue("All gateways");
    expect(calls).toContain("GET /api/v1/detections?current=true&limit=100");
  });

  it("shows a failure and retries on request", async () => {
    let up = false;
    fakeApi({
      "GET /api/v1/detections": () =>
        up ? pageOf(detections(1)) : sendProblem({ status: 503, code: "unavailable", detail: "the database is not responding" }),
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
        "GET /api/v1/detections": () =>
          api.up ? pageOf(detections(2, { decision: "block" }), "next") : sendProblem({ status: 503, code: "unavailable" }),
      });
      renderApp("/payments?decision=block");
      await screen.findByRole("alert");
      return api;
    }

    async function expectComplete() {
      await waitFor(() => {
        expect(feedRows()).toHaveLength(2);
      });
      expect(screen.queryByRole("alert")).not.toBeInTheDocument();
      expect(screen.getByRole("button", { name: "Load older" })).toBeVisible();
    }

    it("shows the failure above the decisions that the stream reports", async () => {
      await renderFailing();
      FakeEventSource.latest.emit("detection.created", detection({ decision: "block" }));
      await screen.findByRole("table");

      expect(feedRows()).toHaveLength(1);
      expect(screen.getByRole("alert")).toHaveTextContent("Decisions could not be loaded");
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
