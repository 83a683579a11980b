import { screen, within, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { BulkPlan, DestinationQuality, TimeSeries } from "../../api/types";
import { conversion } from "../../test/builders/conversions";
import { destination } from "../../test/builders/destinations";
import { identity } from "../../test/builders/identity";
import { timeSeries } from "../../test/builders/timeseries";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";

const ID = conversion().id;
const FAILED = conversion({ status: "failed", reason: "The event is too old.", code: "100" });
const ADMIN = identity({ permissions: ["read", "dead_letters.settle"] });
const DELIVERY = {
  state: "failed",
  next_attempt_at: null,
  event: { event_id: "stripe:pi_1" },
  attempts: [
    { number: 1, at: "2026-11-20T12:00:01Z", outcome: "refused", code: "100", reason: "Too old.", duration_ms: 214, trace_id: "Ab1" },
  ],
};
const JOB = "0190c5a2-0000-7000-8000-0000000000a1";

const plan = (changes: Partial<BulkPlan> = {}): BulkPlan => ({
  dry_run: true,
  action: "replay",
  count: 12,
  cannot: [{ reason: "too_old", count: 3 }],
  money: [{ currency: "BRL", amount_minor: 1_230_000 }],
  job: null,
  ...changes,
});

const API = {
  "GET /api/v1/timeseries": () => timeSeries(),
  "GET /api/v1/conversions": () => pageOf([FAILED]),
  [`GET /api/v1/conversions/${ID}`]: () => FAILED,
  [`GET /api/v1/conversions/${ID}/delivery`]: () => DELIVERY,
};

const rows = async () => within(await screen.findByRole("table", { name: "Conversions" })).getAllByRole("row").slice(1);

describe("the list of conversions", () => {
  it("says how each was matched, and why it failed", async () => {
    fakeApi(API);
    renderApp("/conversions");
    const [row] = await rows();

    expect(row).toHaveTextContent("Not accepted by Meta");
    expect(row).toHaveTextContent("Click ID · 100%");
    expect(row).toHaveTextContent("The event is too old. (100)");
  });

  it("asks for the range and the state in the address, and drops what is unknown", async () => {
    const asked = vi.fn();
    fakeApi({
      ...API,
      "GET /api/v1/conversions": ({ query }) => {
        asked(query.get("status"), query.has("from"));
        return pageOf([FAILED]);
      },
    });
    renderApp("/conversions?status=failed&range=9y");
    await rows();
    await userEvent.click(screen.getByRole("radio", { name: "All" }));
    await waitFor(() => {
      expect(asked).toHaveBeenLastCalledWith(null, true);
    });

    expect(asked).toHaveBeenCalledWith("failed", true);
  });

  it("is filtered by gateway, match and cause, which the address keeps", async () => {
    const asked = vi.fn();
    fakeApi({
      ...API,
      "GET /api/v1/conversions": ({ query }) => {
        asked(["gateway", "method", "cause"].map((name) => query.get(name)));
        return pageOf([]);
      },
    });
    renderApp("/conversions?gateway=stripe&cause=190");
    await userEvent.selectOptions(await screen.findByRole("combobox", { name: "Match" }), "Email");
    await waitFor(() => {
      expect(asked).toHaveBeenLastCalledWith(["stripe", "email", "190"]);
    });

    expect(await screen.findByText("Stripe · Email · 190")).toBeVisible();
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Why" }), "The payment is blocked.");
    await waitFor(() => {
      expect(asked).toHaveBeenLastCalledWith(["stripe", "email", "blocked"]);
    });
  });

  it("counts no new conversion that its filters leave out", async () => {
    fakeApi(API);
    renderApp("/conversions?method=click_id&cause=100");
    await rows();
    FakeEventSource.latest.open();
    const failed = { status: "failed", reason: "Token", code: "190" } as const;
    FakeEventSource.latest.emit("conversion.failed", conversion({ id: "another", ...failed }));
    FakeEventSource.latest.emit("conversion.failed", conversion({ id: "third", ...failed, code: "100" }));

    expect(await screen.findByRole("button", { name: "1 new" })).toBeVisible();
  });

  it("shows what the stream reports in its place, and counts new ones until they are wanted", async () => {
    fakeApi(API);
    renderApp("/conversions");
    await rows();
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("conversion.dispatched", conversion({ updated_at: "2026-11-20T12:10:00.000000Z" }));
    FakeEventSource.latest.emit("conversion.matched", conversion({ id: "another", status: "pending" }));

    expect(await screen.findByRole("button", { name: "1 new" })).toBeVisible();
    expect((await rows()).map(({ textContent }) => textContent)).toEqual([expect.stringContaining("Sent to Meta")]);
  });

  it("leads a shop without conversions to its first steps, and a filter to none", async () => {
    fakeApi({ ...API, "GET /api/v1/conversions": () => pageOf([]) });
    renderApp("/conversions?status=failed");
    expect(await screen.findByText("Nothing matches these filters")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));

    expect(await screen.findByText("No conversions yet")).toBeVisible();
  });

  it("shows the match rate beside the shop's goal", async () => {
    const settings = { items: [{ section: "shop", fields: [{ name: "match_rate_goal", value: 0.75 }] }] };
    fakeApi({ ...API, "GET /api/v1/settings": () => settings });
    renderApp("/conversions");

    await waitFor(() => {
      expect(screen.getByRole("region", { name: "Match rate" })).toHaveTextContent("goal 75%");
    });
  });

  it("keeps the figures if the list fails", async () => {
    fakeApi({ ...API, "GET /api/v1/conversions": () => sendProblem({ status: 503, code: "unavailable" }) });
    renderApp("/conversions");

    expect(await screen.findByRole("alert")).toHaveTextContent("Conversions could not be loaded");
    expect(screen.getByRole("region", { name: "Match rate" })).toBeVisible();
  });
});

describe("an open conversion", () => {
  it("leads to those that failed for the same cause", async () => {
    fakeApi(API);
    renderApp(`/conversions?conversion=${ID}`);

    expect(await screen.findByRole("link", { name: "All with this reason" })).toHaveAttribute("href", "/conversions?status=failed&cause=100");
  });

  it("shows its attempts with their answers, and what is sent", async () => {
    fakeApi(API);
    renderApp(`/conversions?conversion=${ID}`);
    const panel = await screen.findByRole("complementary", { name: "Conversion" });

    expect(await within(panel).findByText("Attempt 1: Refused for good")).toBeVisible();
    expect(within(panel).getByText("Too old. (100)")).toBeVisible();
    expect(within(panel).getByText('"stripe:pi_1"')).toBeVisible();
    expect(await within(panel).findByRole("link", { name: "Payment" })).toHaveAttribute("href", "/payments/stripe%3Api_1");
  });

  it("of a blocked payment is sent anyway, with a reason", async () => {
    const sent = vi.fn();
    const kept = conversion({ status: "suppressed", reason: "blocked" });
    fakeApi(
      {
        ...API,
        [`GET /api/v1/conversions/${ID}`]: () => kept,
        [`POST /api/v1/conversions/${ID}/send`]: ({ body }) => {
          sent(body);
          return kept;
        },
      },
      identity({ permissions: ["read", "conversions.send_blocked"] }),
    );
    renderApp(`/conversions?conversion=${ID}`);
    await userEvent.click(await screen.findByRole("button", { name: "Send to Meta anyway…" }));
    const dialog = await screen.findByRole("dialog", { name: "Send the conversion of a blocked payment?" });
    await userEvent.click(within(dialog).getByRole("button", { name: "Send anyway" }));
    expect(sent).not.toHaveBeenCalled();
    await userEvent.type(within(dialog).getByRole("textbox"), "known buyer");
    await userEvent.click(within(dialog).getByRole("button", { name: "Send anyway" }));

    expect(await screen.findByText("The conversion is being sent.")).toBeVisible();
    expect(sent).toHaveBeenCalledExactlyOnceWith({ reason: "known buyer" });
  });

  it("is sent again once, and says why not if that is refused", async () => {
    const sent = vi.fn();
    fakeApi(
      {
        ...API,
        "POST /api/v1/conversions/retry": ({ body, headers }) => {
          sent(body, headers.has("Idempotency-Key"));
          return plan({ dry_run: false, count: 0 });
        },
      },
      ADMIN,
    );
    renderApp(`/conversions?conversion=${ID}`);
    await userEvent.click(await screen.findByRole("button", { name: "Send again" }));

    expect(await screen.findByText(/the sale is older than 7 days/)).toBeVisible();
    expect(sent.mock.calls).toEqual([[{ ids: [ID] }, true]]);
  });
});

describe("sending all failed again", () => {
  it("counts first, then starts a job for as many", async () => {
    const bodies: unknown[] = [];
    fakeApi(
      {
        ...API,
        "POST /api/v1/conversions/retry": ({ body }) => {
          bodies.push(body);
          return bodies.length === 1 ? plan() : plan({ dry_run: false, job: { id: JOB } as BulkPlan["job"] });
        },
        [`GET /api/v1/jobs/${JOB}`]: () => ({
          id: JOB,
          kind: "dead_letters.bulk",
          state: "running",
          done: 5,
          total: 12,
          counts: {},
          error: null,
          result: null,
          started_by: "ana@shop.example",
          cancel_requested_at: null,
          created_at: "2026-11-20T12:00:00Z",
          started_at: "2026-11-20T12:00:00Z",
          finished_at: null,
          kept_until: null,
        }),
      },
      ADMIN,
    );
    renderApp("/conversions");
    await userEvent.click(await screen.findByRole("button", { name: "Send all failed again…" }));
    const dialog = await screen.findByRole("dialog", { name: "Send failed conversions again" });
    expect(await within(dialog).findByText(/12 conversions of any time/)).toBeVisible();
    expect(within(dialog).getByText(/R\$12,300\.00/)).toBeVisible();
    expect(within(dialog).getByText(/3 conversions cannot: the sale is older/)).toBeVisible();
    await userEvent.click(within(dialog).getByRole("button", { name: "Send 12 again" }));

    expect(await screen.findByText("5/12")).toBeVisible();
    expect(bodies).toEqual([
      { filter: {}, dry_run: true },
      { filter: {}, expected: 12 },
    ]);
  });

  it("is not offered without the permission", async () => {
    fakeApi(API);
    renderApp("/conversions");

    expect(await screen.findByRole("button", { name: "Send all failed again…" })).toBeDisabled();
  });
});

describe("what raises the match rate", () => {
  const META = destination({ status: "active", since: null, reason: null, code: null });
  const quality = (changes: Partial<DestinationQuality> = {}): DestinationQuality => ({
    asked_at: "2026-11-20T11:48:00Z",
    events: [
      {
        event_name: "Purchase",
        score: 7.8,
        keys: [{ key: "email", percentage: 93.4 }, { key: "new_key", percentage: null }],
        dedupe_keys: [{ key: "event_id", percentage: 82 }],
        freshness: "real_time",
      },
    ],
    refusal: null,
    ...changes,
  });
  const withQuality = (answer: DestinationQuality) => ({
    ...API,
    "GET /api/v1/destinations": () => ({ items: [META] }),
    [`GET /api/v1/destinations/${META.id}/quality`]: () => answer,
  });

  it("shows Meta's own figures", async () => {
    fakeApi(withQuality(quality()));
    renderApp("/conversions");
    const section = await screen.findByRole("region", { name: "What Meta says" });

    expect(await within(section).findByText("7.8")).toBeVisible();
    for (const text of ["With email93%", "New key–", "Deduplicated by event_id82%", "ArriveAt once"]) expect(section).toHaveTextContent(text);
  });

  it("says why Meta shows none", async () => {
    const refusal = { accepted: false, outcome: "configuration", code: "200", reason: "The token lacks a permission.", trace_id: null, duration_ms: 80 };
    fakeApi(withQuality(quality({ events: [], refusal })));
    renderApp("/conversions");

    expect(await screen.findByText(/does not show its figures to this token\. The token lacks a permission\./)).toBeVisible();
  });

  it("names the gateway whose sales follow no click, and the gain", async () => {
    const line = (value: string, count: number): TimeSeries["lines"][number] => ({ value, metrics: { conversions_dispatched: [count] } });
    const at = ["2026-11-20T00:00:00Z"];
    fakeApi({
      ...API,
      "GET /api/v1/timeseries": ({ query }) => {
        if (query.get("split") === "gateway") return timeSeries(at, [line("stripe", 138), line("hotmart", 62)]);
        return timeSeries(at, query.get("gateway") === "hotmart" ? [line("none", 31), line("fbc", 31)] : [line("click_id", 138)]);
      },
    });
    renderApp("/conversions");
    const section = await screen.findByRole("region", { name: "What would raise the match rate" });

    expect(section).toHaveTextContent("+16%31 of 62 sales by Hotmart follow no known click.");
    expect(within(section).getByRole("link", { name: "Set up tracking" })).toHaveAttribute("href", "/welcome?step=tracking");
    expect(within(section).getByRole("link", { name: "These sales" })).toHaveAttribute("href", expect.stringContaining("method=none"));
  });
});
