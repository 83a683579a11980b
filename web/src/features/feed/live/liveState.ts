import type { Conversion, Decision, Detection } from "../../../api/types";
import type { LiveEvent } from "../../../stream/eventStream";

/** The list is cut at this many rows; the oldest go first. */
export const MAX_ROWS = 500;
const MAX_CUSTOMERS = 2_000;
/** At most this many rows arriving together are highlighted. Highlighting a burst shows nothing and costs rendering. */
const MAX_HIGHLIGHTED = 2;

export interface Filters {
  decision: Decision | undefined;
  gateway: string | undefined;
}

/** A customer's trust score, as the stream reported it. */
export interface ReportedTrust {
  version: number;
  score: number;
  /** The change that led to the score; 0 if the stream has not reported it. */
  change: number;
  at: string;
}

/** Everything the stream has reported since the page was opened. What the API returned is kept apart, in queries. */
export interface LiveState {
  arrived: readonly Detection[];
  /** Detections that arrived while the list was paused or scrolled down. They are not shown until released. */
  held: readonly Detection[];
  /** Ids of detections to highlight as new. */
  highlighted: ReadonlySet<string>;
  /** By customer id. */
  trust: ReadonlyMap<string, ReportedTrust>;
  conversions: ReadonlyMap<string, Conversion>;
}

export const INITIAL_STATE: LiveState = {
  arrived: [],
  held: [],
  highlighted: new Set(),
  trust: new Map(),
  conversions: new Map(),
};

/** Apply a batch of events. With `hold`, new rows are held back. */
export function applyEvents(
  state: LiveState,
  events: readonly LiveEvent[],
  filters: Filters,
  hold: boolean,
): LiveState {
  const knownIds = new Set([...state.arrived, ...state.held].map(({ id }) => id));
  const added: Detection[] = [];
  let { trust, conversions } = state;
  for (const event of events) {
    switch (event.type) {
      case "detection.created":
        if (!knownIds.has(event.data.id) && matches(event.data, filters)) added.push(event.data);
        knownIds.add(event.data.id);
        break;
      case "customer.seen":
      case "trust.updated": {
        const id = event.data.customer_id;
        const reported = trustOf(event);
        if ((trust.get(id)?.version ?? -1) < reported.version) trust = withEntry(trust, id, reported, MAX_CUSTOMERS);
        break;
      }
      case "conversion.matched":
      case "conversion.suppressed":
      case "conversion.dispatched":
      case "conversion.failed":
        conversions = withEntry(
          conversions,
          event.data.id,
          latest(conversions.get(event.data.id), event.data),
          MAX_ROWS * 2,
        );
        break;
      case "gap":
        // Reported values may be outdated; the queries are refetched.
        trust = new Map();
        conversions = new Map();
        break;
    }
  }
  const arrived = hold ? state.arrived : newestFirst([...added, ...state.arrived]);
  const held = hold ? newestFirst([...added, ...state.held]) : state.held;
  const highlight = !hold && added.length > 0 && added.length <= MAX_HIGHLIGHTED;
  const highlighted = highlight
    ? new Set([...state.highlighted, ...added.map(({ id }) => id)].slice(-MAX_ROWS))
    : state.highlighted;
  return { arrived, held, highlighted, trust, conversions };
}

function trustOf(event: Extract<LiveEvent, { type: "customer.seen" | "trust.updated" }>): ReportedTrust {
  const { version, trust_score: score } = event.data;
  if (event.type === "customer.seen") return { version, score, change: 0, at: event.data.updated_at };
  return { version, score, change: score - event.data.score_before, at: event.data.occurred_at };
}

/** Show the held rows. */
export function releaseHeld(state: LiveState): LiveState {
  if (state.held.length === 0) return state;
  return { ...state, arrived: newestFirst([...state.held, ...state.arrived]), held: [] };
}

/** Sort by time of decision and cut at MAX_ROWS. */
export function newestFirst(detections: Detection[]): Detection[] {
  // All times are UTC in one notation, so comparing them as text orders them to the microsecond.
  const key = ({ created_at, id }: Detection) => created_at + id;
  return detections.sort((a, b) => (key(a) < key(b) ? 1 : -1)).slice(0, MAX_ROWS);
}

/** The later of two states of a conversion. Equal times: the second. */
export function latest(first: Conversion | undefined, second: Conversion): Conversion {
  return first !== undefined && first.updated_at > second.updated_at ? first : second;
}

function matches(detection: Detection, { decision, gateway }: Filters): boolean {
  return (
    (decision === undefined || detection.decision === decision) &&
    (gateway === undefined || detection.gateway === gateway)
  );
}

/** A copy with this entry as its newest. Beyond the limit, the oldest entries are dropped. */
function withEntry<Value>(
  map: ReadonlyMap<string, Value>,
  key: string,
  value: Value,
  limit: number,
): Map<string, Value> {
  const next = new Map(map);
  next.delete(key);
  next.set(key, value);
  for (const oldest of next.keys()) {
    if (next.size <= limit) break;
    next.delete(oldest);
  }
  return next;
}
