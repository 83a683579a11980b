import { describe, expect, it } from "vitest";

import { daysOf, parseRange, rangeParameters } from "./range";

const SAO_PAULO = "America/Sao_Paulo";
const NOW = new Date("2026-11-28T01:30:00Z");

describe("a range in an address", () => {
  it.each(["today", "24h", "month", "2026-11-01..2026-11-20", "2026-11-01..2026-11-01"])("%s is read", (text) => {
    expect(parseRange(text)).toBe(text);
  });

  it.each([null, "", "8d", "..", "2026-11-20..2026-11-01", "2026-02-30..2026-03-01", "2026-11-01", "2026-1-1..2026-1-2", "a..b..c"])(
    "%s is none",
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );
});

describe("the interval of a range", () => {
  it.each([
    ["hour", "2026-11-28T00:30:00.000Z", "2026-11-28T01:30:00.000Z"],
    ["24h", "2026-11-27T01:30:00.000Z", "2026-11-28T01:30:00.000Z"],
    // In São Paulo it is still the 27th.
    ["today", "2026-11-27T03:00:00.000Z", "2026-11-28T01:30:00.000Z"],
    ["yesterday", "2026-11-26T03:00:00.000Z", "2026-11-27T03:00:00.000Z"],
    ["month", "2026-11-01T03:00:00.000Z", "2026-11-28T01:30:00.000Z"],
    ["2026-11-01..2026-11-20", "2026-11-01T03:00:00.000Z", "2026-11-21T03:00:00.000Z"],
  ] as const)("%s", (range, from, to) => {
    expect(rangeParameters(range, SAO_PAULO, NOW)).toEqual({ from, to });
  });

  it.each([
    ["2026-03-29..2026-03-29", "Europe/Berlin", 23],
    ["2026-10-25..2026-10-25", "Europe/Berlin", 25],
    ["2026-11-20..2026-11-20", "Asia/Kathmandu", 24],
  ] as const)("%s in %s has %i hours", (range, zone, hours) => {
    const { from, to } = rangeParameters(range, zone, NOW);

    expect((Date.parse(to) - Date.parse(from)) / 3_600_000).toBe(hours);
  });
});

it.each([
  ["today", "2026-11-27", "2026-11-27"],
  ["yesterday", "2026-11-26", "2026-11-26"],
  ["2026-11-01..2026-11-20", "2026-11-01", "2026-11-20"],
] as const)("the days of %s", (range, first, last) => {
  expect(daysOf(range, SAO_PAULO, NOW)).toEqual([first, last]);
});
