import { describe, expect, it } from "vitest";

import type { Conversion, Detection } from "../../../api/types";
import type { LiveEvent } from "../../../stream/eventStream";
import { conversion } from "../../../test/builders/conversions";
import { trustChange } from "../../../test/builders/customers";
import { detection, detections } from "../../../test/builders/detections";
import type { Filters } from "./decisions";
import { countHeld, type ListState, MAX_ROWS, releaseHeld } from "./listing";
import { applyEvents, INITIAL_STATE, type LiveState } from "./liveState";
import { buildRows, type Fetched } from "./rows";

const NO_FILTERS = { decision: undefined, gateway: undefined };
const NOTHING_FETCHED: Fetched = { detections: [], conversions: [], customers: [], destinations: [] };
const LIST: ListState = { filters: NO_FILTERS, fetched: [], hold: false };
const HELD: ListState = { ...LIST, hold: true };

/** The first decision on a new payment. */
const arrival = (changes: Partial<Detection> = {}): LiveEvent => ({
  type: "detection.created",
  data: detection({ payment_id: `stripe:pi_${changes.id ?? "1"}`, ...changes }),
});
const reported = (...events: LiveEvent[]): LiveState => applyEvents(INITIAL_STATE, events, LIST);
const rowsOf = (live: LiveState, fetched = NOTHING_FETCHED) => buildRows(fetched, live, NO_FILTERS);
const ids = (live: LiveState, fetched = NOTHING_FETCHED) => rowsOf(live, fetched).map((row) => row.detection.id);

describe("rows", () => {
  it("are sorted newest first, whatever order they are reported in", () => {
    const early = arrival({ id: "early", created_at: "2026-11-20T12:00:01.000001Z" });
    const late = arrival({ id: "late", created_at: "2026-11-20T12:00:01.000002Z" });

    expect(ids(reported(late, early))).toEqual(["late", "early"]);
  });

  it("are shown once when both fetched and reported, or reported twice", () => {
    const live = applyEvents(reported(arrival({ id: "same" })), [arrival({ id: "same" })], LIST);

    expect(ids(live, { ...NOTHING_FETCHED, detections: [detection({ id: "same", payment_id: "stripe:pi_same" })] })).toEqual(["same"]);
  });

  it("are limited to the newest", () => {
    const fetched = { ...NOTHING_FETCHED, detections: detections(MAX_ROWS) };
    const rows = ids(reported(arrival({ id: "new" })), fetched);

    expect(rows).toHaveLength(MAX_ROWS);
    expect(rows[0]).toBe("new");
  });

  it("are left out if they do not match the filters", () => {
    const blocked = arrival({ id: "blocked", decision: "block" });
    const filters: Filters = { decision: "block", gateway: undefined };
    const live = applyEvents(INITIAL_STATE, [arrival(), blocked], { ...LIST, filters });

    expect(buildRows(NOTHING_FETCHED, live, filters).map((row) => row.detection.id)).toEqual(["blocked"]);
  });

  it("reported before a gap are discarded: a newer decision may have been missed", () => {
    expect(ids(applyEvents(reported(arrival({ id: "before" })), [{ type: "gap" }, arrival({ id: "after" })], LIST))).toEqual(["after"]);
  });

  it("are highlighted when they arrive singly, but not in a burst", () => {
    const fetched = { ...NOTHING_FETCHED, detections: [detection({ id: "fetched" })] };
    const burst = Array.from({ length: 6 }, (_, index) => arrival({ id: `burst-${index}` }));

    expect(rowsOf(reported(arrival({ id: "reported" })), fetched).map(({ isNew }) => isNew)).toEqual([true, false]);
    expect(rowsOf(reported(...burst)).some(({ isNew }) => isNew)).toBe(false);
  });
});

describe("held rows", () => {
  it("are not shown until released, even if they are fetched meanwhile", () => {
    const live = applyEvents(reported(arrival({ id: "shown" })), [arrival({ id: "waiting" })], HELD);
    const fetched = { ...NOTHING_FETCHED, detections: [detection({ id: "waiting", payment_id: "stripe:pi_waiting" })] };
    const released = { ...live, listing: releaseHeld(live.listing) };

    expect(ids(live, fetched)).toEqual(["shown"]);
    expect(countHeld(live.listing, NO_FILTERS)).toBe(1);
    expect(ids(released, fetched)).toEqual(["waiting", "shown"]);
    expect(countHeld(released.listing, NO_FILTERS)).toBe(0);
  });

  it("are limited", () => {
    const many = Array.from({ length: MAX_ROWS + 20 }, (_, index) => arrival({ id: `row-${index}` }));

    expect(countHeld(applyEvents(INITIAL_STATE, many, HELD).listing, NO_FILTERS)).toBe(MAX_ROWS);
  });
});

describe("trust", () => {
  it("is shown on every row of the customer, with its latest change", () => {
    const live = reported(arrival({ id: "a" }), arrival({ id: "b" }), { type: "trust.updated", data: trustChange() });

    expect(rowsOf(live).map(({ trustScore, trustChange }) => [trustScore, trustChange])).toEqual([
      [52, 2],
      [52, 2],
    ]);
  });

  it("is not overwritten by an earlier change", () => {
    const live = reported(
      arrival(),
      { type: "trust.updated", data: trustChange({ version: 3, trust_score: 4, score_before: 54 }) },
      { type: "trust.updated", data: trustChange({ version: 2, trust_score: 54, score_before: 52 }) },
    );

    expect(rowsOf(live)[0]?.trustScore).toBe(4);
  });

  it("reported before a gap is discarded", () => {
    const live = reported({ type: "trust.updated", data: trustChange() }, { type: "gap" }, arrival());

    expect(rowsOf(live)).toEqual([expect.objectContaining({ trustScore: undefined })]);
  });

  it("fetched is shown until the stream reports a change", () => {
    const fetched = {
      ...NOTHING_FETCHED,
      detections: [detection()],
      customers: [{ id: detection().customer_id, trust_score: 61 }] as never,
    };

    expect(rowsOf(INITIAL_STATE, fetched)[0]).toMatchObject({ trustScore: 61, trustChange: 0 });
  });
});

describe("a conversion", () => {
  it("is shown on its row, whichever arrives first", () => {
    const sent: LiveEvent = { type: "conversion.dispatched", data: conversion() };

    for (const live of [reported(sent, arrival()), reported(arrival(), sent)]) {
      expect(rowsOf(live)[0]?.conversion?.status).toBe("dispatched");
    }
  });

  it("keeps its reported state if an older one is fetched later", () => {
    const fetched = {
      ...NOTHING_FETCHED,
      conversions: [conversion({ status: "pending", updated_at: "2026-11-20T12:00:01.200000Z" })] as never,
    };
    const live = reported(arrival(), { type: "conversion.dispatched", data: conversion() });

    expect(rowsOf(live, fetched)[0]?.conversion?.status).toBe("dispatched");
  });

  it("that failed takes precedence over one that was sent", () => {
    const live = reported(
      arrival(),
      { type: "conversion.failed", data: conversion({ id: "a", status: "failed" }) },
      { type: "conversion.dispatched", data: conversion({ id: "b" }) },
    );

    expect(rowsOf(live)[0]?.conversion?.status).toBe("failed");
  });

  it("is shown on its payment, whichever event was decided on", () => {
    const live = reported(arrival({ event_id: "another", payment_id: "stripe:pi_1" }), {
      type: "conversion.dispatched",
      data: conversion(),
    });

    expect(rowsOf(live)[0]?.conversion?.status).toBe("dispatched");
  });
});

describe("a correction of a conversion", () => {
  const sent = conversion();
  const changed = (correction: string | null, second: number): LiveEvent => ({
    type: "conversion.correction_changed",
    // The stream knows no more of the conversion than this.
    data: conversion({ correction, attempts: 0, updated_at: `2026-11-20T12:00:0${second}.000000Z` }),
  });
  const decidedOn = arrival({ payment_id: sent.payment_id });
  const shown = (live: LiveState, conversions: Conversion[] = []) =>
    rowsOf(live, { ...NOTHING_FETCHED, conversions })[0]?.conversion;

  it("is shown in any order of events, for a fetched and for a reported conversion", () => {
    const events = [decidedOn, { type: "conversion.dispatched", data: sent } as const, changed("blocked", 3)];
    for (const order of permutations(events)) {
      expect(shown(reported(...order))).toMatchObject({ correction: "blocked", attempts: 1 });
      expect(shown(reported(...order), [sent])).toMatchObject({ correction: "blocked", attempts: 1 });
    }
    expect(shown(reported(decidedOn), [{ ...sent, correction: "blocked" }])?.correction).toBe("blocked");
    expect(shown(reported(decidedOn, changed("blocked", 3)))?.correction).toBe("blocked");
  });

  it("is lifted again", () => {
    for (const order of permutations([decidedOn, changed("blocked", 3), changed(null, 5)])) {
      expect(shown(reported(...order), [{ ...sent, correction: "blocked" }])?.correction).toBeNull();
    }
  });

  it("is not hidden by a conversion that was reported without it", () => {
    const pending: LiveEvent = { type: "conversion.matched", data: conversion({ status: "pending" }) };
    const dispatched: LiveEvent = { type: "conversion.dispatched", data: sent };

    expect(shown(reported(decidedOn, pending, dispatched), [{ ...sent, correction: "blocked" }])).toMatchObject({
      status: "dispatched",
      correction: "blocked",
    });
  });

  it("takes precedence over a conversion that failed", () => {
    const failed: LiveEvent = { type: "conversion.failed", data: conversion({ id: "a", status: "failed" }) };

    expect(shown(reported(decidedOn, failed, changed("blocked", 3)))?.correction).toBe("blocked");
  });
});

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}
