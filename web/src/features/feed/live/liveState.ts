import type { Conversion, CustomerSummary, Decision, Detection, TrustChange } from "../../../api/types";
import type { LiveEvent } from "../../../stream/liveStream";

/** So many rows are shown; the oldest go first. */
export const MAX_ROWS = 500;
const MAX_CUSTOMERS = 2_000;
/** Rows that come singly are marked as new. In a rush all would be, which tells nothing and costs drawing. */
const MAX_MARKED = 2;

export interface Filters {
  decision: Decision | undefined;
  gateway: string | undefined;
}

/** What the stream told since the page was opened; what was read from the API stands beside it. */
export interface Live {
  arrived: readonly Detection[];
  /** Arrived too, while the reader had paused or scrolled away from the top. */
  held: readonly Detection[];
  /** Arrived singly. */
  marked: ReadonlySet<string>;
  trust: ReadonlyMap<string, TrustChange>;
  conversions: ReadonlyMap<string, Conversion>;
}

export interface Known {
  detections: readonly Detection[];
  conversions: readonly Conversion[];
  customers: readonly CustomerSummary[];
}

/** Flat, so that a row is drawn again only when something on it has changed. */
export interface Row {
  detection: Detection;
  trustScore: number | undefined;
  /** By how much the score has just changed; 0 for one that was only read. */
  trustChange: number;
  /** Of all conversions of this event the one that most needs a person's eye. */
  conversion: Conversion | undefined;
  /** It came in while the reader was looking. */
  fresh: boolean;
}

export const NOTHING_YET: Live = {
  arrived: [],
  held: [],
  marked: new Set(),
  trust: new Map(),
  conversions: new Map(),
};

/** The events of a moment, in one step. With `hold`, new rows wait. */
export function received(live: Live, events: readonly LiveEvent[], filters: Filters, hold: boolean): Live {
  const seen = new Set([...live.arrived, ...live.held].map(({ id }) => id));
  const fresh: Detection[] = [];
  let { trust, conversions } = live;
  for (const event of events) {
    switch (event.type) {
      case "detection.created":
        if (!seen.has(event.data.id) && passes(event.data, filters)) fresh.push(event.data);
        seen.add(event.data.id);
        break;
      case "trust.updated":
        if ((trust.get(event.data.customer_id)?.version ?? 0) < event.data.version)
          trust = put(trust, event.data.customer_id, event.data, MAX_CUSTOMERS);
        break;
      case "conversion.dispatched":
      case "conversion.failed":
        conversions = put(conversions, event.data.id, newer(conversions.get(event.data.id), event.data), MAX_ROWS * 2);
        break;
      case "gap":
        // What was told may be old by now; what is read anew is not.
        trust = new Map();
        conversions = new Map();
        break;
    }
  }
  const arrived = hold ? live.arrived : newestFirst([...fresh, ...live.arrived]);
  const held = hold ? newestFirst([...fresh, ...live.held]) : live.held;
  const singly = !hold && fresh.length > 0 && fresh.length <= MAX_MARKED;
  const marked = singly ? new Set([...live.marked, ...fresh.map(({ id }) => id)].slice(-MAX_ROWS)) : live.marked;
  return { arrived, held, marked, trust, conversions };
}

/** The reader is back at the top: what waited takes its place. */
export function released(live: Live): Live {
  if (live.held.length === 0) return live;
  return { ...live, arrived: newestFirst([...live.held, ...live.arrived]), held: [] };
}

/** What was read and what was told, as the rows to show. */
export function rowsOf(known: Known, live: Live): Row[] {
  const waiting = new Set(live.held.map(({ id }) => id));
  const detections = new Map<string, Detection>();
  for (const detection of [...live.arrived, ...known.detections]) {
    if (!waiting.has(detection.id)) detections.set(detection.id, detection);
  }
  const conversions = byEvent(known.conversions, live.conversions);
  const scores = new Map(known.customers.map(({ id, trust_score }) => [id, trust_score]));
  return newestFirst([...detections.values()]).map((detection) => ({
    detection,
    ...trustOf(detection.customer_id ?? "", scores, live.trust),
    conversion: conversions.get(detection.event_id),
    fresh: live.marked.has(detection.id),
  }));
}

/** Customers whose trust the stream has not told: they may have earned it before the page was opened. */
export function strangers(detections: readonly Detection[], live: Live): string[] {
  const ids = [...live.arrived, ...detections].map(({ customer_id }) => customer_id);
  return [...new Set(ids)].filter((id) => id !== null).filter((id) => !live.trust.has(id));
}

export function passes(detection: Detection, { decision, gateway }: Filters): boolean {
  return (
    (decision === undefined || detection.decision === decision) &&
    (gateway === undefined || detection.gateway === gateway)
  );
}

function newestFirst(detections: Detection[]): Detection[] {
  // All are UTC in one notation, so that the text orders as the time does, to the microsecond.
  const key = ({ created_at, id }: Detection) => created_at + id;
  return detections.sort((a, b) => (key(a) < key(b) ? 1 : -1)).slice(0, MAX_ROWS);
}

const URGENCY: Record<Conversion["status"], number> = { failed: 3, pending: 2, dispatched: 1, suppressed: 0 };

function byEvent(read: readonly Conversion[], told: Live["conversions"]): Map<string, Conversion> {
  const latest = new Map(told);
  for (const conversion of read) latest.set(conversion.id, newer(latest.get(conversion.id), conversion));
  const found = new Map<string, Conversion>();
  for (const conversion of latest.values()) {
    const other = found.get(conversion.event_id);
    if (other === undefined || URGENCY[other.status] < URGENCY[conversion.status]) {
      found.set(conversion.event_id, conversion);
    }
  }
  return found;
}

function newer(known: Conversion | undefined, told: Conversion): Conversion {
  return known !== undefined && known.updated_at > told.updated_at ? known : told;
}

function trustOf(customer: string, read: ReadonlyMap<string, number>, told: Live["trust"]) {
  const change = told.get(customer);
  if (change === undefined) return { trustScore: read.get(customer), trustChange: 0 };
  return { trustScore: change.trust_score, trustChange: change.trust_score - change.score_before };
}

/** A copy with this entry as its newest, and the oldest given up beyond the limit. */
function put<Value>(map: ReadonlyMap<string, Value>, key: string, value: Value, limit: number): Map<string, Value> {
  const next = new Map(map);
  next.delete(key);
  next.set(key, value);
  for (const oldest of next.keys()) {
    if (next.size <= limit) break;
    next.delete(oldest);
  }
  return next;
}
