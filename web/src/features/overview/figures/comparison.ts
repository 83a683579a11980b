import type { components } from "../../../api/schema";
import type { Range } from "../../../ui/controls/range";

export type Comparison = components["schemas"]["Comparison"];

/** What a range is compared with: part of a day with the same hours of the day before, all else with the period before. */
export function comparisonOf(range: Range): Comparison {
  return range === "hour" || range === "today" || range === "yesterday" ? "previous_day" : "previous_period";
}

/** How much a number has grown, as a ratio: 0.12 for 12 % more. Null if there was nothing before. */
export function growth(now: number, before: number | undefined): number | null {
  return before === undefined || before === 0 ? null : now / before - 1;
}

/** The difference of two rates, in percentage points. Null if one is unknown. */
export function points(now: number | null, before: number | null | undefined): number | null {
  return now === null || before == null ? null : Math.round(100 * (now - before));
}
