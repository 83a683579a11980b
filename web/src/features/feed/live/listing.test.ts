import { describe, expect, it } from "vitest";

import type { Detection } from "../../../api/types";
import { detection, detections } from "../../../test/builders/detections";
import type { Filters } from "./decisions";
import { addDecisions, countHeld, EMPTY_LISTING, type ListState, listedDecisions, MAX_ROWS, releaseHeld } from "./listing";

const ALL: Filters = { decision: undefined, gateway: undefined };
const BLOCKED: Filters = { ...ALL, decision: "block" };

/** A decision on a payment, made in the given second. */
function decided(payment: string, version: number, second: number, changes: Partial<Detection> = {}): Detection {
  return detection({
    id: `${String(second).padStart(2, "0")}-${payment}`,
    payment_id: payment,
    version,
    created_at: `2026-11-20T12:00:${String(second).padStart(2, "0")}.000000Z`,
    ...changes,
  });
}

const [first, second, third] = [
  decided("a", 1, 1),
  decided("a", 2, 3, { decision: "block" }),
  decided("a", 5, 6, { decision: "review" }),
];
const blocked = decided("b", 1, 2, { decision: "block" });
const others = [
  blocked,
  decided("b", 2, 5),
  // Of an earlier version of Orylo: several decisions on one payment, without versions.
  decided("c", 0, 4, { decision: "block" }),
  decided("c", 0, 7),
  decided("d", 3, 8, { decision: "block", gateway: "hotmart" }),
];
const everything = [first, second, third, ...others];

/** A generator of numbers from 0 to 1 that repeats itself in each run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const shuffled = <Item>(items: readonly Item[], random: () => number): Item[] =>
  items.map((item) => ({ item, key: random() })).sort((a, b) => a.key - b.key).map(({ item }) => item);

const listedIds = (...[listing, fetched, filters]: Parameters<typeof listedDecisions>) =>
  listedDecisions(listing, fetched, filters).map((each) => each.detection.id);

describe("payments", () => {
  it.each([
    ["all", ALL, ["08-d", "07-c", "06-a", "05-b"]],
    ["blocked", BLOCKED, ["08-d"]],
    ["Stripe", { ...ALL, gateway: "stripe" }, ["07-c", "06-a", "05-b"]],
    ["in review", { ...ALL, decision: "review" }, ["06-a"]],
  ] as const)("do not depend on what is fetched, held or repeated, nor on the order of events: %s", (_, filters, expected) => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = randomFrom(seed);
      const matching = everything.filter(
        ({ decision, gateway }) =>
          decision === (filters.decision ?? decision) && gateway === (filters.gateway ?? gateway),
      );
      const fetched = matching.filter(() => random() < 0.4);
      // Each decision is reported, some twice, in batches of any size.
      const reported = shuffled([...everything, ...everything.filter(() => random() < 0.3)], random);
      let listing = EMPTY_LISTING;
      while (reported.length > 0) {
        const batch = reported.splice(0, 1 + Math.floor(random() * 4));
        listing = addDecisions(listing, batch, { filters, fetched, hold: random() < 0.5 });
        if (random() < 0.2) listing = releaseHeld(listing);
      }

      expect(listedIds(releaseHeld(listing), fetched, filters), `seed ${seed}`).toEqual(expected);
    }
  });

  it("have the place of their current decision", () => {
    const listing = addDecisions(EMPTY_LISTING, everything, { filters: ALL, fetched: [], hold: false });
    const times = listedDecisions(listing, [], ALL).map(({ detection }) => detection.created_at);

    expect(times).toEqual([...times].sort().reverse());
  });
});

describe("a newer decision", () => {
  it("takes the place of a fetched one, and a late one does not", () => {
    const list: ListState = { filters: ALL, fetched: [second], hold: false };

    expect(listedIds(addDecisions(EMPTY_LISTING, [third], list), list.fetched, ALL)).toEqual([third.id]);
    expect(listedIds(addDecisions(EMPTY_LISTING, [first], list), list.fetched, ALL)).toEqual([second.id]);
  });

  it("that does not match the filter removes the payment, also if the older one is fetched or reported later", () => {
    const list: ListState = { filters: BLOCKED, fetched: [], hold: false };
    const listing = addDecisions(EMPTY_LISTING, [third], list);

    expect(listedIds(listing, [second], BLOCKED)).toEqual([]);
    expect(listedIds(addDecisions(listing, [second], list), [], BLOCKED)).toEqual([]);
  });

  it("that does not match the filter hides a fetched one however many others follow", () => {
    const list: ListState = { filters: BLOCKED, fetched: [second], hold: false };
    const flood = detections(MAX_ROWS * 2, { created_at: "2026-11-20T13:00:00.000000Z" });
    const listing = addDecisions(addDecisions(EMPTY_LISTING, [third], list), flood, list);

    expect(listedIds(listing, list.fetched, BLOCKED)).toEqual([]);
    expect(listing.decided.size).toBeLessThanOrEqual(MAX_ROWS + 1);
  });

  it("is highlighted as new", () => {
    const list: ListState = { filters: ALL, fetched: [first], hold: false };

    expect([...addDecisions(EMPTY_LISTING, [second], list).highlighted]).toEqual([second.id]);
  });
});

describe("while rows are held, a newer decision", () => {
  const fetched = [blocked, second];

  it("on a listed payment is shown in its row, which moves on release", () => {
    for (const known of [{ fetched, reported: [] }, { fetched: [], reported: fetched }]) {
      const before = addDecisions(EMPTY_LISTING, known.reported, { filters: ALL, fetched: known.fetched, hold: false });
      const newer = decided("b", 2, 9);
      const held = addDecisions(before, [newer], { filters: ALL, fetched: known.fetched, hold: true });

      expect(listedIds(held, known.fetched, ALL)).toEqual([second.id, newer.id]);
      // Also if the API returns it meanwhile.
      expect(listedIds(held, [newer, second], ALL)).toEqual([second.id, newer.id]);
      expect(countHeld(held, ALL)).toBe(0);
      expect(listedIds(releaseHeld(held), known.fetched, ALL)).toEqual([newer.id, second.id]);
    }
  });

  it("that does not match the filter is shown in its row, which disappears on release", () => {
    const held = addDecisions(EMPTY_LISTING, [third], { filters: BLOCKED, fetched, hold: true });

    expect(listedIds(held, fetched, BLOCKED)).toEqual([third.id, "02-b"]);
    expect(countHeld(held, BLOCKED)).toBe(0);
    expect(listedIds(releaseHeld(held), fetched, BLOCKED)).toEqual(["02-b"]);
  });

  it("on a payment that is not listed counts once, and only while it matches", () => {
    const list: ListState = { filters: BLOCKED, fetched: [], hold: true };
    const once = addDecisions(EMPTY_LISTING, [first, second], list);
    const never = addDecisions(once, [third], list);

    expect([once, never].map((listing) => countHeld(listing, BLOCKED))).toEqual([1, 0]);
    expect([once, never].map((listing) => listedIds(listing, [], BLOCKED))).toEqual([[], []]);
    expect([once, never].map((listing) => listedIds(releaseHeld(listing), [], BLOCKED))).toEqual([[second.id], []]);
  });

  it("leaves the listed payments in place, however many others wait", () => {
    const before = addDecisions(EMPTY_LISTING, [first, blocked], { filters: ALL, fetched: [], hold: false });
    const flood = detections(MAX_ROWS * 2, { created_at: "2026-11-20T13:00:00.000000Z" });
    const held = addDecisions(before, flood, { filters: ALL, fetched: [], hold: true });

    expect(listedIds(held, [], ALL)).toEqual(["02-b", first.id]);
    expect(countHeld(held, ALL)).toBe(MAX_ROWS);
  });
});
