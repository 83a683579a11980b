import { describe, expect, it } from "vitest";

import type { LiveEvent } from "../../../stream/liveStream";
import { conversion, detection, detections, trustChange } from "../../../test/builders";
import { type Live, MAX_ROWS, NOTHING_YET, received, released, rowsOf } from "./liveState";

const ALL = { decision: undefined, gateway: undefined };
const NOTHING_KNOWN = { detections: [], conversions: [], customers: [] };

const arrival = (changes: Parameters<typeof detection>[0] = {}): LiveEvent => ({
  type: "detection.created",
  data: detection(changes),
});
const told = (...events: LiveEvent[]): Live => received(NOTHING_YET, events, ALL, false);
const ids = (live: Live, known = NOTHING_KNOWN) => rowsOf(known, live).map((row) => row.detection.id);

describe("rows", () => {
  it("stand newest first, in whatever order they are told", () => {
    const early = arrival({ id: "early", created_at: "2026-11-20T12:00:01.000001Z" });
    const late = arrival({ id: "late", created_at: "2026-11-20T12:00:01.000002Z" });

    expect(ids(told(late, early))).toEqual(["late", "early"]);
  });

  it("are shown once, though read and told, and told twice", () => {
    const live = received(told(arrival({ id: "same" })), [arrival({ id: "same" })], ALL, false);

    expect(ids(live, { ...NOTHING_KNOWN, detections: [detection({ id: "same" })] as never })).toEqual(["same"]);
  });

  it("are bounded, and the newest stay", () => {
    const known = { ...NOTHING_KNOWN, detections: detections(MAX_ROWS) as never };
    const rows = ids(told(arrival({ id: "new" })), known);

    expect(rows).toHaveLength(MAX_ROWS);
    expect(rows[0]).toBe("new");
  });

  it("that the filter leaves out are not taken in", () => {
    const blocked = arrival({ id: "blocked", decision: "block" });
    const live = received(NOTHING_YET, [arrival(), blocked], { decision: "block", gateway: undefined }, false);

    expect(ids(live)).toEqual(["blocked"]);
  });

  it("that come singly are marked, in a rush they are not", () => {
    const known = { ...NOTHING_KNOWN, detections: [detection({ id: "read" })] as never };
    const rush = Array.from({ length: 6 }, (_, index) => arrival({ id: `rush-${index}` }));

    expect(rowsOf(known, told(arrival({ id: "told" }))).map(({ fresh }) => fresh)).toEqual([true, false]);
    expect(rowsOf(NOTHING_KNOWN, told(...rush)).some(({ fresh }) => fresh)).toBe(false);
  });
});

describe("while the reader is away", () => {
  it("new rows wait, even when they are read meanwhile", () => {
    const live = received(told(arrival({ id: "shown" })), [arrival({ id: "waiting" })], ALL, true);
    const known = { ...NOTHING_KNOWN, detections: [detection({ id: "waiting" })] as never };

    expect(ids(live, known)).toEqual(["shown"]);
    expect(live.held).toHaveLength(1);
    expect(ids(released(live), known)).toEqual(["waiting", "shown"]);
    expect(released(live).held).toHaveLength(0);
  });

  it("waiting rows are bounded", () => {
    const many = Array.from({ length: MAX_ROWS + 20 }, (_, index) => arrival({ id: `row-${index}` }));

    expect(received(NOTHING_YET, many, ALL, true).held).toHaveLength(MAX_ROWS);
  });
});

describe("trust", () => {
  it("shows on every row of the customer, with its change", () => {
    const live = told(arrival({ id: "a" }), arrival({ id: "b" }), { type: "trust.updated", data: trustChange() });

    expect(rowsOf(NOTHING_KNOWN, live).map(({ trustScore, trustChange }) => [trustScore, trustChange])).toEqual([
      [52, 2],
      [52, 2],
    ]);
  });

  it("is not undone by a change that was made before", () => {
    const live = told(
      arrival(),
      { type: "trust.updated", data: trustChange({ version: 3, trust_score: 4, score_before: 54 }) },
      { type: "trust.updated", data: trustChange({ version: 2, trust_score: 54, score_before: 52 }) },
    );

    expect(rowsOf(NOTHING_KNOWN, live)[0]?.trustScore).toBe(4);
  });

  it("that was told is forgotten when something may be missing", () => {
    const live = told(arrival(), { type: "trust.updated", data: trustChange() }, { type: "gap" });

    expect(rowsOf(NOTHING_KNOWN, live)[0]?.trustScore).toBeUndefined();
  });

  it("that was read stands until something is told", () => {
    const known = {
      ...NOTHING_KNOWN,
      detections: [detection()] as never,
      customers: [{ id: detection().customer_id, trust_score: 61 }] as never,
    };

    expect(rowsOf(known, NOTHING_YET)[0]).toMatchObject({ trustScore: 61, trustChange: 0 });
  });
});

describe("a conversion", () => {
  it("finds its row, whichever of the two comes first", () => {
    const sent: LiveEvent = { type: "conversion.dispatched", data: conversion() };

    for (const live of [told(sent, arrival()), told(arrival(), sent)]) {
      expect(rowsOf(NOTHING_KNOWN, live)[0]?.conversion?.status).toBe("dispatched");
    }
  });

  it("stays as it was last told, though an older state is read later", () => {
    const known = {
      ...NOTHING_KNOWN,
      conversions: [conversion({ status: "pending", updated_at: "2026-11-20T12:00:01.200000Z" })] as never,
    };
    const live = told(arrival(), { type: "conversion.dispatched", data: conversion() });

    expect(rowsOf(known, live)[0]?.conversion?.status).toBe("dispatched");
  });

  it("that failed is shown before one that did not", () => {
    const live = told(
      arrival(),
      { type: "conversion.failed", data: conversion({ id: "a", status: "failed" }) },
      { type: "conversion.dispatched", data: conversion({ id: "b" }) },
    );

    expect(rowsOf(NOTHING_KNOWN, live)[0]?.conversion?.status).toBe("failed");
  });
});
