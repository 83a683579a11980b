import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { conversion, detection, detections, overview, trustChange, trustEntry } from "../../test/builders";
import { fakeApi, refuse } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { FakeIntersectionObserver } from "../../test/fakeIntersectionObserver";
import { renderScreens } from "../../test/renderScreens";

const page = (items: unknown[], next_cursor: string | null = null) => ({ items, next_cursor });
const rows = () => screen.getAllByRole("row").slice(1);

async function shown() {
  renderScreens();
  await screen.findByRole("table");
  FakeEventSource.latest.opens();
  return FakeEventSource.latest;
}

describe("the live feed", () => {
  it("shows what was decided before", async () => {
    fakeApi({ "GET /api/v1/detections": () => page([detection({ decision: "block", risk_score: 91 })]) });
    await shown();

    const [row] = rows();
    expect(row).toHaveTextContent("Blocked");
    expect(row).toHaveTextContent("91");
    expect(row).toHaveTextContent("R$297.00");
    expect(row).toHaveTextContent("StripePaid");
    expect(row).toHaveTextContent("New customer");
  });

  it("grows by itself, and what follows shows on the same row", async () => {
    fakeApi({ "GET /api/v1/detections": () => page(detections(2)) });
    const stream = await shown();
    stream.says("detection.created", detection({ amount_minor: 4_800, currency: "JPY" }));

    await waitFor(() => {
      expect(rows()).toHaveLength(3);
    });
    expect(rows()[0]).toHaveTextContent("¥4,800");

    stream.says("trust.updated", trustChange());
    stream.says("conversion.dispatched", conversion());
    await waitFor(() => {
      expect(rows()[0]).toHaveTextContent("Sent to Meta");
    });
    expect(rows()[0]).toHaveTextContent(/Trust52.*up 2/);
  });

  it("asks for the trust that customers earned before", async () => {
    const { calls } = fakeApi({
      "GET /api/v1/detections": () => page(detections(2)),
      "GET /api/v1/customers": () => page([{ id: detection().customer_id, trust_score: 61 }]),
    });
    await shown();

    await waitFor(() => {
      expect(rows()[0]).toHaveTextContent("Trust61");
    });
    expect(calls).toContain(`GET /api/v1/customers?ids=${detection().customer_id ?? ""}&limit=100`);
  });

  it("lets new rows wait while it is paused", async () => {
    fakeApi({ "GET /api/v1/detections": () => page(detections(1)) });
    const stream = await shown();
    await userEvent.click(screen.getByRole("button", { name: "Pause the live feed" }));
    stream.says("detection.created", detection());

    expect(await screen.findByRole("button", { name: "1 new" })).toBeVisible();
    expect(rows()).toHaveLength(1);

    await userEvent.click(screen.getByRole("button", { name: "Resume the live feed" }));
    expect(rows()).toHaveLength(2);
    expect(screen.queryByRole("button", { name: "1 new" })).not.toBeInTheDocument();
  });

  it("lets new rows wait while the reader is further down, and shows them on return", async () => {
    fakeApi({ "GET /api/v1/detections": () => page(detections(1)) });
    const stream = await shown();
    FakeIntersectionObserver.seesTop(false);
    stream.says("detection.created", detection());
    await screen.findByRole("button", { name: "1 new" });

    FakeIntersectionObserver.seesTop(true);
    expect(rows()).toHaveLength(2);
  });

  it("asks the API for what is filtered", async () => {
    const { calls } = fakeApi({ "GET /api/v1/detections": () => page(detections(1)) });
    await shown();
    await userEvent.click(screen.getByRole("radio", { name: "Blocked" }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Gateway" }), "Hotmart");

    await waitFor(() => {
      expect(calls).toContain("GET /api/v1/detections?limit=100&decision=block&gateway=hotmart");
    });
  });

  it("shows all gateways where the address names none that there is", async () => {
    const { calls } = fakeApi({ "GET /api/v1/detections": () => page(detections(1)) });
    renderScreens("/?gateway=nope");
    await screen.findByRole("table");

    expect(screen.getByRole("combobox", { name: "Gateway" })).toHaveDisplayValue("All gateways");
    expect(calls).toContain("GET /api/v1/detections?limit=100");
  });

  it("reads on into the past", async () => {
    fakeApi({
      "GET /api/v1/detections": ({ query }) =>
        query.get("cursor") === "next" ? page([detection({ id: "oldest" })]) : page(detections(1), "next"),
    });
    await shown();
    await userEvent.click(screen.getByRole("button", { name: "Load older" }));

    await waitFor(() => {
      expect(rows()).toHaveLength(2);
    });
    expect(screen.queryByRole("button", { name: "Load older" })).not.toBeInTheDocument();
  });

  it("reads anew when the stream has lost something", async () => {
    let known = detections(1);
    fakeApi({ "GET /api/v1/detections": () => page(known) });
    const stream = await shown();
    known = detections(3);
    stream.says("reset", {});

    await waitFor(() => {
      expect(rows()).toHaveLength(3);
    });
  });

  it("tells on an empty page how to send the first webhook", async () => {
    fakeApi();
    renderScreens();

    expect(await screen.findByText("Waiting for the first payment")).toBeVisible();
    const [settings, request] = screen.getAllByRole("region", { name: "Command" });
    expect(settings).toHaveTextContent("orylo gateway set minha-loja hotmart");
    expect(request).toHaveTextContent("/api/v1/webhooks/hotmart/minha-loja");
  });

  it("offers to show all where the filter leaves nothing", async () => {
    fakeApi();
    renderScreens("/?decision=block");
    await userEvent.click(await screen.findByRole("button", { name: "Show all" }));

    expect(await screen.findByText("Waiting for the first payment")).toBeVisible();
  });

  it("says when the list cannot be loaded, and tries again", async () => {
    let up = false;
    fakeApi({
      "GET /api/v1/detections": () =>
        up ? page(detections(1)) : refuse({ status: 503, code: "unavailable", detail: "something does not answer" }),
    });
    renderScreens();
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("something does not answer");

    up = true;
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("table")).toBeVisible();
  });

  describe("while the list cannot be loaded", () => {
    async function failing() {
      const api = { up: false };
      fakeApi({
        "GET /api/v1/detections": () =>
          api.up ? page(detections(2, { decision: "block" }), "next") : refuse({ status: 503, code: "unavailable" }),
      });
      renderScreens("/?decision=block");
      await screen.findByRole("alert");
      return api;
    }

    async function whole() {
      await waitFor(() => {
        expect(rows()).toHaveLength(2);
      });
      expect(screen.queryByRole("alert")).not.toBeInTheDocument();
      expect(screen.getByRole("button", { name: "Load older" })).toBeVisible();
    }

    it("says so beside what the stream tells", async () => {
      await failing();
      FakeEventSource.latest.says("detection.created", detection({ decision: "block" }));
      await screen.findByRole("table");

      expect(rows()).toHaveLength(1);
      expect(screen.getByRole("alert")).toHaveTextContent("The list could not be loaded");
    });

    it("asks again by itself", async () => {
      vi.useFakeTimers({ shouldAdvanceTime: true });
      try {
        const api = await failing();
        api.up = true;
        await vi.advanceTimersByTimeAsync(10_000);
        await whole();
      } finally {
        vi.useRealTimers();
      }
    });

    it("asks again when the stream is there again", async () => {
      const api = await failing();
      api.up = true;
      FakeEventSource.latest.opens();
      await whole();
    });
  });

  it("says that the numbers cannot be loaded, also while they are asked for again", async () => {
    const asked = vi.fn();
    fakeApi({
      "GET /api/v1/overview": () => {
        asked();
        return asked.mock.calls.length > 1 ? new Promise(vi.fn()) : refuse({ status: 503, code: "unavailable" });
      },
    });
    renderScreens();
    const strip = await screen.findByRole("region", { name: "Overview" });
    await userEvent.click(await within(strip).findByRole("button", { name: "Try again" }));

    expect(asked).toHaveBeenCalledTimes(2);
    expect(within(strip).getByRole("alert")).toHaveTextContent("The overview could not be loaded");
    expect(within(strip).queryByText("–")).not.toBeInTheDocument();
  });

  it("shows the numbers of the day", async () => {
    fakeApi({ "GET /api/v1/overview": () => overview({ payments_succeeded: 1234, detections_block: 7 }) });
    renderScreens();
    const strip = await screen.findByRole("region", { name: "Overview" });

    expect(await within(strip).findByText("1,234")).toBeVisible();
    expect(within(strip).getByText("7")).toBeVisible();
  });

  it("tells in full what a row has no room for, to who points at it and to who listens", async () => {
    const crowded = detection({ reasons: ["list.blocked", "trust_history.low_trust", "trust_history.disputes"] });
    fakeApi({
      "GET /api/v1/detections": () => page([crowded]),
      "GET /api/v1/conversions": () => page([conversion({ status: "failed", reason: "token expired" })]),
    });
    await shown();
    await screen.findByText("Meta failed");

    const [row] = rows();
    for (const hidden of [crowded.customer_id ?? "", "token expired", "Disputed before", "Nov 20, 2026"]) {
      expect(row).toHaveTextContent(hidden);
      expect(within(screen.getByRole("table")).getByTitle(new RegExp(hidden))).toBeVisible();
    }
  });

  it("opens a row wherever it is clicked", async () => {
    fakeApi({ "GET /api/v1/detections": () => page([detection()]) });
    await shown();
    await userEvent.click(screen.getByText("New customer"));

    expect(await screen.findByRole("dialog", { name: "Detection" })).toBeVisible();
  });

  it("moves from row to row with the arrow keys", async () => {
    fakeApi({ "GET /api/v1/detections": () => page(detections(2)) });
    await shown();
    const [first, second] = rows().map((row) => within(row).getByRole("button"));
    first?.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect(second).toHaveFocus();
    await userEvent.keyboard("{ArrowUp}");
    expect(first).toHaveFocus();
  });
});

describe("the details of a detection", () => {
  const degraded = detection({ degraded: ["velocity"], payment_id: "stripe:pi_9" });

  async function opened() {
    fakeApi({
      "GET /api/v1/detections": () => page([degraded]),
      [`GET /api/v1/detections/${degraded.id}`]: () => degraded,
      "GET /api/v1/conversions": () =>
        page([
          conversion({ status: "failed", attempts: 3, reason: "token expired" }),
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
    await shown();
    await userEvent.click(screen.getByRole("button", { name: "R$297.00, details" }));
    return screen.findByRole("dialog", { name: "Detection" });
  }

  it("name each detector, what was left out, the trust and the attempts", async () => {
    const dialog = await opened();

    expect(await within(dialog).findByText("Trust history")).toBeVisible();
    expect(dialog).toHaveTextContent("0.42 ms");
    expect(dialog).toHaveTextContent("Decided without Velocity");
    expect(await within(dialog).findByText("Dispute opened")).toBeVisible();
    expect(dialog).toHaveTextContent("Blocked by ana@shop.example: stolen card");
    expect(dialog).toHaveTextContent("3 attempts");
    expect(dialog).toHaveTextContent("token expired");
    expect(dialog).toHaveTextContent("matched by click id (100%)");
    expect(dialog).toHaveTextContent("Purchase · no click found");
  });

  it("close, and give the list back", async () => {
    const dialog = await opened();
    await userEvent.click(within(dialog).getByRole("button", { name: "Close" }));

    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(rows()).toHaveLength(1);
  });
});
