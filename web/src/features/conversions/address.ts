import type { Conversion } from "../../api/types";
import { MAX_CAUSE } from "../../subjects/conversions/labels";
import { METHODS } from "../../subjects/conversions/methods";
import { GATEWAYS } from "../../subjects/gateways/names";
import { toSearch } from "../../ui/address/useAddress";
import { parseRange, type Range } from "../../ui/controls/range";

export type Status = Conversion["status"];

export interface ConversionsAddress {
  range: Range;
  status: Status | undefined;
  gateway: string | undefined;
  /** How the sale was matched to a click. */
  method: string | undefined;
  /** The destination's error code, or else why the conversion failed or was kept back. */
  cause: string | undefined;
  /** The open conversion. */
  open: string | undefined;
  /** The job that sends failed ones again, or exports the list. */
  job: string | undefined;
}

export const STATUSES: readonly Status[] = ["pending", "dispatched", "failed", "suppressed"];
const DEFAULT_RANGE: Range = "7d";
const ID = /^[0-9a-f-]{36}$/;

const idIn = (search: URLSearchParams, name: string): string | undefined => {
  const id = search.get(name);
  return id !== null && ID.test(id) ? id : undefined;
};

const causeIn = (search: URLSearchParams): string | undefined => {
  const cause = search.get("cause") ?? "";
  return cause === "" ? undefined : cause.slice(0, MAX_CAUSE);
};

export const conversionsAddress = {
  read: (search: URLSearchParams): ConversionsAddress => ({
    range: parseRange(search.get("range")) ?? DEFAULT_RANGE,
    status: STATUSES.find((status) => status === search.get("status")),
    gateway: Object.keys(GATEWAYS).find((gateway) => gateway === search.get("gateway")),
    method: METHODS.find((method) => method === search.get("method")),
    cause: causeIn(search),
    open: idIn(search, "conversion"),
    job: idIn(search, "job"),
  }),
  write: ({ range, open, ...others }: ConversionsAddress) => ({
    range: range === DEFAULT_RANGE ? undefined : range,
    conversion: open,
    ...others,
  }),
};

/** The filters of the list besides the range. */
export const NO_FILTERS = { status: undefined, gateway: undefined, method: undefined, cause: undefined } as const;
export type Filters = Pick<ConversionsAddress, "range" | keyof typeof NO_FILTERS>;

/** A link to the conversions of these filters. */
export const conversionsPath = (address: Partial<ConversionsAddress>): string =>
  `/conversions?${toSearch(conversionsAddress.write({ range: DEFAULT_RANGE, open: undefined, job: undefined, ...NO_FILTERS, ...address })).toString()}`;
