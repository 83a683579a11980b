import type { Conversion } from "../../api/types";
import { parseRange, type Range } from "../../ui/controls/range";

export type Status = Conversion["status"];

export interface ConversionsAddress {
  range: Range;
  status: Status | undefined;
  /** The open conversion. */
  open: string | undefined;
  /** The job that sends failed ones again. */
  job: string | undefined;
}

export const STATUSES: readonly Status[] = ["pending", "dispatched", "failed", "suppressed"];
const DEFAULT_RANGE: Range = "7d";
const ID = /^[0-9a-f-]{36}$/;

const idIn = (search: URLSearchParams, name: string): string | undefined => {
  const id = search.get(name);
  return id !== null && ID.test(id) ? id : undefined;
};

export const conversionsAddress = {
  read: (search: URLSearchParams): ConversionsAddress => ({
    range: parseRange(search.get("range")) ?? DEFAULT_RANGE,
    status: STATUSES.find((status) => status === search.get("status")),
    open: idIn(search, "conversion"),
    job: idIn(search, "job"),
  }),
  write: ({ range, status, open, job }: ConversionsAddress) => ({
    range: range === DEFAULT_RANGE ? undefined : range,
    status,
    conversion: open,
    job,
  }),
};
