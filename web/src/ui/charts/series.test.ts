import { expect, it } from "vitest";

import { axisEnd, linePath, namedColumns } from "./series";

it.each([
  [0, 1],
  [1, 1],
  [3, 3],
  [12, 15],
  [21, 30],
  [99, 100],
  [0.07, 0.08],
  [1_234, 1_500],
])("the axis of values up to %d ends at %d", (highest, end) => {
  expect(axisEnd(highest)).toBeCloseTo(end);
});

it.each([
  [0, []],
  [3, [0, 1, 2]],
  [24, [0, 4, 8, 12, 16, 20]],
  [25, [0, 5, 10, 15, 20]],
])("of %i columns, the axis names a few", (count, named) => {
  expect(namedColumns(count)).toEqual(named);
});

it("a line has a gap where there is no value", () => {
  expect(linePath([0, 10, null, 5], 10)).toBe("M0.5 100.00L1.5 0.00M3.5 50.00");
});
