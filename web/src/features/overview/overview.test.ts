import { describe, expect, it } from "vitest";

import { overviewAddress } from "./address";
import { granularityOf } from "./charts/useCharts";
import { comparisonOf, growth, points } from "./figures/comparison";

describe("the overview's address", () => {
  it.each(["", "range=7d", "range=2026-11-01..2026-11-20&compare=none"])("%s is read and written alike", (query) => {
    const written = overviewAddress.write(overviewAddress.read(new URLSearchParams(query)));

    expect(new URLSearchParams(Object.entries(written).filter(([, value]) => value !== undefined) as [string, string][]).toString()).toBe(query);
  });

  it("has today, compared, for what it does not know", () => {
    expect(overviewAddress.read(new URLSearchParams("range=9d&compare=x"))).toEqual({ range: "today", compares: true });
  });
});

it.each([
  ["today", "previous_day"],
  ["7d", "previous_period"],
  ["2026-11-01..2026-11-20", "previous_period"],
] as const)("%s is compared with the %s", (range, comparison) => {
  expect(comparisonOf(range)).toBe(comparison);
});

it("growth is a ratio, and unknown without an earlier number", () => {
  expect(growth(112, 100)).toBeCloseTo(0.12);
  expect(growth(5, 0)).toBeNull();
  expect(growth(5, undefined)).toBeNull();
});

it("rates differ by points", () => {
  expect(points(0.81, 0.78)).toBe(3);
  expect(points(0.81, null)).toBeNull();
});

it.each([
  ["2026-11-20T00:00:00Z", "2026-11-20T01:00:00Z", "minute"],
  ["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "hour"],
  ["2026-11-01T00:00:00Z", "2026-11-20T00:00:00Z", "day"],
])("from %s to %s there is a point for each %s", (from, to, granularity) => {
  expect(granularityOf(from, to)).toBe(granularity);
});
