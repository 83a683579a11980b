import { describe, expect, it } from "vitest";

import type { LiveEvent } from "../../../stream/eventStream";
import { conversion } from "../../../test/builders/conversions";
import { trustChange } from "../../../test/builders/customers";
import { detection } from "../../../test/builders/detections";
import { listedPayment, listedPayments } from "../../../test/builders/payments";
import type { Filters } from "../filters";
import { holdRows } from "./held";
import { applyEvents, INITIAL_STATE } from "./liveState";
import { buildRows, type Row } from "./rows";

const LIST = { filters: {}, fetched: new Set<string>(), hold: false };
const live = (...events: LiveEvent[]) => applyEvents(INITIAL_STATE, events, LIST);
const decided = (changes: Parameters<typeof detection>[0] = {}): LiveEvent => ({ type: "detection.created", data: detection(changes) });
const rows = (fetched = [listedPayment()], events: LiveEvent[] = [], filters: Filters = {}, takesNew = true) =>
  buildRows(fetched, live(...events), filters, takesNew).map(({ payment }) => payment);

describe("the rows", () => {
  it("keep what the API has newer than the stream", () => {
    const [row] = rows([listedPayment({}, { version: 5, risk_score: 80 })], [decided({ version: 4 })]);
    expect(row?.decision?.risk_score).toBe(80);
  });

  it("take decision, amount and state from a newer decision, but leave a refund as it is", () => {
    const newer = decided({ id: "newer", version: 2, decision: "block", amount_minor: 1_000, payment_type: "payment.failed.v1" });
    expect(rows([listedPayment({ state: "created" })], [newer])[0]).toMatchObject({ state: "failed", amount_minor: 1_000, decisions: 2 });
    expect(rows([listedPayment({ state: "refunded" })], [newer])[0]?.state).toBe("refunded");
    expect(rows([listedPayment({ state: "succeeded" })], [newer])[0]?.state).toBe("succeeded");
  });

  it("follow conversions in any order, with the latest correction", () => {
    const sent: LiveEvent = { type: "conversion.dispatched", data: conversion() };
    const corrected: LiveEvent = {
      type: "conversion.correction_changed",
      data: conversion({ correction: "blocked", updated_at: "2026-11-20T12:00:05.000000Z" }),
    };
    for (const events of [[sent, corrected], [corrected, sent]]) {
      expect(rows(undefined, events)[0]?.conversion).toMatchObject({ status: "dispatched", correction: "blocked" });
    }
  });

  it("show the latest trust of a buyer", () => {
    const events: LiveEvent[] = [
      { type: "trust.updated", data: trustChange({ version: 4, trust_score: 2, score_before: 52 }) },
      { type: "trust.updated", data: trustChange({ version: 3, trust_score: 52 }) },
    ];
    expect(rows(undefined, events)[0]?.buyer).toMatchObject({ trust_score: 2, last_change: -50 });
  });

  it("filter payments as they are now", () => {
    const blocked = decided({ version: 2, decision: "block", risk_score: 90 });
    expect(rows([listedPayment()], [blocked], { decision: "allow" })).toEqual([]);
    expect(rows([], [blocked], { decision: "block", min_risk: "90", conversion: "none", verdict: "none" })).toHaveLength(1);
    expect(rows([], [blocked], { decision: "block" }, false)).toEqual([]);
    expect(rows([], [blocked, { type: "conversion.dispatched", data: conversion() }], { conversion: "none" })).toEqual([]);
  });

  it("are the same objects while nothing about them changes", () => {
    const fetched = listedPayments(3);
    const state = live(decided({ payment_id: "stripe:pi_older_1", version: 2 }), decided());
    const [first, second] = [buildRows(fetched, state, {}, true), buildRows(fetched, { ...state }, {}, true)];
    expect(second.every(({ payment }, index) => payment === first[index]?.payment)).toBe(true);
  });
});

describe("held rows", () => {
  const byId = (rows: readonly Row[]) => new Map(rows.map((row) => [row.id, row]));
  const build = (fetched: ReturnType<typeof listedPayments>, filters: Filters = {}) => buildRows(fetched, INITIAL_STATE, filters, true);

  it("keep their places, count what is newer and add older pages", () => {
    const [newest, middle, oldest] = listedPayments(3);
    if (newest === undefined || middle === undefined || oldest === undefined) throw new Error("three payments");
    const listed = build([newest, middle, oldest]);
    const held = holdRows(build([middle]), listed, byId(listed), undefined);

    expect(held.rows.map(({ id }) => id)).toEqual([middle.id, oldest.id]);
    expect(held.count).toBe(1);
  });

  it("stay although they no longer match", () => {
    const all = build(listedPayments(2));
    const held = holdRows(all, [], byId(all), undefined);
    expect(held).toEqual({ rows: all, count: 0 });
  });

  it("stay if newer payments have displaced them from what is loaded, and go if they were deleted", () => {
    const [newest, middle, oldest] = build(listedPayments(3));
    if (newest === undefined || middle === undefined || oldest === undefined) throw new Error("three payments");
    const loaded = byId([middle]);
    expect(holdRows([newest, middle, oldest], [middle], loaded, middle.payment).rows).toEqual([middle, oldest]);
    expect(holdRows([newest, middle, oldest], [middle], loaded, undefined).rows).toEqual([middle]);
  });
});
