import type { Detection } from "../../../api/types";
import { replaces } from "../../../subjects/detections/newest";
import { type Filters, mayMatch } from "../filters";

/** The list is cut at this many rows; the oldest go first. */
export const MAX_ROWS = 500;
/** At most this many payments arriving together are highlighted. Highlighting a burst shows nothing and costs rendering. */
const MAX_HIGHLIGHTED = 2;

/** The decisions that the stream has reported. */
export interface Decided {
  /** The newest decision on each payment, by payment id, in the order of arrival. */
  byPayment: ReadonlyMap<string, Detection>;
  /** Ids of payments to highlight as new. */
  highlighted: ReadonlySet<string>;
}

/** What the list shows at the time of an event. */
export interface ListState {
  filters: Filters;
  /** The ids of the payments that the API returned. */
  fetched: ReadonlySet<string>;
  /** Rows do not move: nothing is highlighted. */
  hold: boolean;
}

export const NOTHING_DECIDED: Decided = { byPayment: new Map(), highlighted: new Set() };

/** Apply a batch of reported decisions, in any order and also twice. */
export function addDecisions(decided: Decided, reported: readonly Detection[], list: ListState): Decided {
  const byPayment = new Map(decided.byPayment);
  const changed = new Set<string>();
  for (const detection of reported) {
    const { payment_id } = detection;
    if (!replaces(detection, byPayment.get(payment_id))) continue;
    byPayment.delete(payment_id);
    byPayment.set(payment_id, detection);
    changed.add(payment_id);
  }
  if (changed.size === 0) return decided;
  const fresh = [...changed].filter((id) => {
    const detection = byPayment.get(id);
    return detection !== undefined && !list.fetched.has(id) && !decided.byPayment.has(id) && mayMatch(detection, list.filters);
  });
  const highlights = !list.hold && fresh.length <= MAX_HIGHLIGHTED && fresh.length > 0;
  return {
    byPayment: limit(byPayment, list),
    highlighted: highlights ? new Set([...decided.highlighted, ...fresh].slice(-MAX_ROWS)) : decided.highlighted,
  };
}

/** Drop the oldest decisions beyond MAX_ROWS of each kind, but none on a payment that the API returned. */
function limit(byPayment: ReadonlyMap<string, Detection>, { filters, fetched }: ListState): ReadonlyMap<string, Detection> {
  if (byPayment.size <= MAX_ROWS) return byPayment;
  const room = { listed: MAX_ROWS, excluded: MAX_ROWS };
  const kept = [...byPayment].reverse().filter(([id, detection]) => {
    if (fetched.has(id)) return true;
    return mayMatch(detection, filters) ? room.listed-- > 0 : room.excluded-- > 0;
  });
  return new Map(kept.reverse());
}
