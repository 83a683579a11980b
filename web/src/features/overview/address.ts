import { parseRange, type Range } from "../../ui/controls/range";

export interface OverviewAddress {
  range: Range;
  /** Compare with an earlier period. */
  compares: boolean;
}

const DEFAULT_RANGE: Range = "today";

export const overviewAddress = {
  read: (search: URLSearchParams): OverviewAddress => ({
    range: parseRange(search.get("range")) ?? DEFAULT_RANGE,
    compares: search.get("compare") !== "none",
  }),
  write: ({ range, compares }: OverviewAddress) => ({
    range: range === DEFAULT_RANGE ? undefined : range,
    compare: compares ? undefined : "none",
  }),
};
