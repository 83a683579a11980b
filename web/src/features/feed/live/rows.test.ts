import { describe, expect, it } from "vitest";

import type { LiveEvent } from "../../../stream/eventStream";
import { conversion } from "../../../test/builders/conversions";
import { trustChange } from "../../../test/builders/customers";
import { detection, detections } from "../../../test/builders/detections";
import { applyEvents, INITIAL_STATE, type LiveState, MAX_ROWS, releaseHeld } from "./liveState";
import { buildRows } from "./rows";

const NO_FILTERS = { decision: undefined, gateway: undefined };
const NOTHING_FETCHED = { detections: [], conversions: [], customers: [], destinations: [] };

const arrival = (changes: Parameters<typeof detection>[0] = {}): LiveEvent => ({
  type: "detection.created",
  data: detection(changes),
});
const reported = (...events: LiveEvent[]): LiveState => applyEvents(INITIAL_STATE, events, NO_FILTERS, false);
const ids = (live: LiveState, fetched = NOTHING_FETCHED) => buildRows(fetched, live).map((row) => row.detection.id);

describe("rows", () => {
  it("are sorted newest first, whatever order they are reported in", () => {
    const early = arrival({ id: "early", created_at: "2026-11-20T12:00:01.000001Z" });
    const late = arrival({ id: "late", created_at: "2026-11-20T12:00:01.000002Z" });

    expect(ids(reported(late, early))).toEqual(["late", "early"]);
  });

  it("are shown once when both fetched and reported, or reported twice", () => {
    const live = applyEvents(reported(arrival({ id: "same" })), [arrival({ id: "same" })], NO_FILTERS, false);

    expect(ids(live, { ...NOTHING_FETCHED, detections: [detection({ id: "same" })] as never })).toEqual(["same"]);
  });

  it("are limited to the newest", () => {
    const fetched = { ...NOTHING_FETCHED, detections: detections(MAX_ROWS) as never };
    const rows = ids(reported(arrival({ id: "new" })), fetched);

    expect(rows).toHaveLength(MAX_ROWS);
    expect(rows[0]).toBe("new");
  });

  it("are left out if they do not match the filters", () => {
    const blocked = arrival({ id: "blocked", decision: "block" });
    const live = applyEvents(INITIAL_STATE, [arrival(), blocked], { decision: "block", gateway: undefined }, false);

    expect(ids(live)).toEqual(["blocked"]);
  });

  it("are highlighted when they arrive singly, but not in a burst", () => {
    const fetched = { ...NOTHING_FETCHED, detections: [detection({ id: "fetched" })] as never };
    const burst = Array.from({ length: 6 }, (_, index) => arrival({ id: `burst-${index}` }));

    expect(buildRows(fetched, reported(arrival({ id: "reported" }))).map(({ isNew }) => isNew)).toEqual([true, false]);
    expect(buildRows(NOTHING_FETCHED, reported(...burst)).some(({ isNew }) => isNew)).toBe(false);
  });
});

describe("held rows", () => {
  it("are not shown until released, even if they are fetched meanwhile", () => {
    const live = applyEvents(reported(arrival({ id: "shown" })), [arrival({ id: "waiting" })], NO_FILTERS, true);
    const fetched = { ...NOTHING_FETCHED, detections: [detection({ id: "waiting" })] as never };

    expect(ids(live, fetched)).toEqual(["shown"]);
    expect(live.held).toHaveLength(1);
    expect(ids(releaseHeld(live), fetched)).toEqual(["waiting", "shown"]);
    expect(releaseHeld(live).held).toHaveLength(0);
  });

  it("are limited", () => {
    const many = Array.from({ length: MAX_ROWS + 20 }, (_, index) => arrival({ id: `row-${index}` }));

    expect(applyEvents(INITIAL_STATE, many, NO_FILTERS, true).held).toHaveLength(MAX_ROWS);
  });
});

describe("trust", () => {
  it("is shown on every row of the customer, with its latest change", () => {
    const live = reported(arrival({ id: "a" }), arrival({ id: "b" }), { type: "trust.updated", data: trustChange() });

    expect(buildRows(NOTHING_FETCHED, live).map(({ trustScore, trustChange }) => [trustScore, trustChange])).toEqual([
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

    expect(buildRows(NOTHING_FETCHED, live)[0]?.trustScore).toBe(4);
  });

  it("reported before a gap is discarded", () => {
    const live = reported(arrival(), { type: "trust.updated", data: trustChange() }, { type: "gap" });

    expect(buildRows(NOTHING_FETCHED, live)[0]?.trustScore).toBeUndefined();
  });

  it("fetched is shown until the stream reports a change", () => {
    const fetched = {
      ...NOTHING_FETCHED,
      detections: [detection()] as never,
      customers: [{ id: detection().customer_id, trust_score: 61 }] as never,
    };

    expect(buildRows(fetched, INITIAL_STATE)[0]).toMatchObject({ trustScore: 61, trustChange: 0 });
  });
});

describe("a conversion", () => {
  it("is shown on its row, whichever arrives first", () => {
    const sent: LiveEvent = { type: "conversion.dispatched", data: conversion() };

    for (const live of [reported(sent, arrival()), reported(arrival(), sent)]) {
      expect(buildRows(NOTHING_FETCHED, live)[0]?.conversion?.status).toBe("dispatched");
    }
  });

  it("keeps its reported state if an older one is fetched later", () => {
    const fetched = {
      ...NOTHING_FETCHED,
      conversions: [conversion({ status: "pending", updated_at: "2026-11-20T12:00:01.200000Z" })] as never,
    };
    const live = reported(arrival(), { type: "conversion.dispatched", data: conversion() });

    expect(buildRows(fetched, live)[0]?.conversion?.status).toBe("dispatched");
  });

  it("that failed takes precedence over one that was sent", () => {
    const live = reported(
      arrival(),
      { type: "conversion.failed", data: conversion({ id: "a", status: "failed" }) },
      { type: "conversion.dispatched", data: conversion({ id: "b" }) },
    );

    expect(buildRows(NOTHING_FETCHED, live)[0]?.conversion?.status).toBe("failed");
  });
});
