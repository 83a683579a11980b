import type { Detection } from "../../../api/types";
import { replaces } from "../../../subjects/detections/newest";
import { type Filters, matches, newestByPayment, newestFirst } from "./decisions";

/** The list is cut at this many rows; the oldest go first. */
export const MAX_ROWS = 500;
/** At most this many rows arriving together are highlighted. Highlighting a burst shows nothing and costs rendering. */
const MAX_HIGHLIGHTED = 2;

/** The decisions that the stream has reported. The maps are by payment id. */
export interface Listing {
  /** The newest decision on each payment. One that the filters exclude may replace one that is listed. */
  decided: ReadonlyMap<string, Detection>;
  /**
   * The payments that were decided on while rows are held: the decision that keeps the row's place, or null if the
   * payment was not listed and is not until rows are released.
   */
  held: ReadonlyMap<string, Detection | null>;
  /** Ids of detections to highlight as new. */
  highlighted: ReadonlySet<string>;
}

/** What the list shows and whether its rows may move, at the time of an event. */
export interface ListState {
  filters: Filters;
  /** The decisions that the API returned. */
  fetched: readonly Detection[];
  hold: boolean;
}

export const EMPTY_LISTING: Listing = { decided: new Map(), held: new Map(), highlighted: new Set() };

/** Apply a batch of reported decisions. With `hold`, rows change in place: they do not appear, move or disappear. */
export function addDecisions(listing: Listing, reported: readonly Detection[], list: ListState): Listing {
  const { filters, fetched, hold } = list;
  const known = newestByPayment([...fetched, ...listing.decided.values()]);
  const decided = new Map(listing.decided);
  const held = new Map(listing.held);
  const changed = new Set<string>();
  for (const detection of reported) {
    const { payment_id } = detection;
    const before = known.get(payment_id);
    if (!matches(detection, { ...filters, decision: undefined }) || !replaces(detection, before)) continue;
    if (hold && !held.has(payment_id)) held.set(payment_id, before && matches(before, filters) ? before : null);
    known.set(payment_id, detection);
    decided.set(payment_id, detection);
    changed.add(payment_id);
  }
  if (changed.size === 0) return listing;
  const added = [...changed].flatMap((id) => decided.get(id) ?? []).filter((detection) => matches(detection, filters));
  const highlight = !hold && added.length <= MAX_HIGHLIGHTED;
  const highlighted = highlight
    ? new Set([...listing.highlighted, ...added.map(({ id }) => id)].slice(-MAX_ROWS))
    : listing.highlighted;
  return limit({ decided, held, highlighted }, list);
}

/** Drop the oldest decisions beyond MAX_ROWS of each kind, but none that hides a fetched one. */
function limit({ decided, held, highlighted }: Listing, { filters, fetched }: ListState): Listing {
  const fetchedIds = new Set(fetched.map(({ payment_id }) => payment_id));
  const room = { listed: MAX_ROWS, held: MAX_ROWS, excluded: MAX_ROWS };
  const kept = [...decided.values()].sort(newestFirst).filter((detection) => {
    const place = held.get(detection.payment_id);
    if (place === null) return room.held-- > 0;
    if (place !== undefined || matches(detection, filters)) return room.listed-- > 0;
    return fetchedIds.has(detection.payment_id) || room.excluded-- > 0;
  });
  const newest = newestByPayment(kept);
  return { decided: newest, held: new Map([...held].filter(([id]) => newest.has(id))), highlighted };
}

/** Let the held rows appear, move and disappear. */
export function releaseHeld(listing: Listing): Listing {
  return listing.held.size === 0 ? listing : { ...listing, held: new Map() };
}

/** Return how many payments are not listed until rows are released. */
export function countHeld({ decided, held }: Listing, filters: Filters): number {
  return [...held].filter(([id, place]) => {
    const detection = decided.get(id);
    return place === null && detection !== undefined && matches(detection, filters);
  }).length;
}

export interface ListedDecision {
  /** The payment's current decision. */
  detection: Detection;
  /** The decision that determines the row's place: an earlier one while rows are held. */
  place: Detection;
}

/** Return the payments to list by their current decision, in the order of their places. */
export function listedDecisions({ decided, held }: Listing, fetched: readonly Detection[], filters: Filters): ListedDecision[] {
  return [...newestByPayment([...fetched, ...decided.values()]).values()]
    .map((detection) => {
      const place = held.get(detection.payment_id);
      return { detection, place: place === undefined ? detection : place };
    })
    .filter((each): each is ListedDecision => each.place !== null && matches(each.place, filters))
    .sort((first, second) => newestFirst(first.place, second.place))
    .slice(0, MAX_ROWS);
}
