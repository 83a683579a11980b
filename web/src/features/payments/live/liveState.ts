import type { Conversion } from "../../../api/types";
import type { LiveEvent } from "../../../stream/eventStream";
import { addDecisions, type Decided, type ListState, MAX_ROWS, NOTHING_DECIDED } from "./decided";

const MAX_CUSTOMERS = 2_000;
const MAX_CONVERSIONS = MAX_ROWS * 2;

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
  decided: Decided;
  /** By customer id. */
  trust: ReadonlyMap<string, ReportedTrust>;
  conversions: ReadonlyMap<string, Conversion>;
  /** Conversions as the latest change of their `correction` reported them. All other events leave it null. */
  corrected: ReadonlyMap<string, Conversion>;
}

export const INITIAL_STATE: LiveState = {
  decided: NOTHING_DECIDED,
  trust: new Map(),
  conversions: new Map(),
  corrected: new Map(),
};

/** Apply a batch of events. */
export function applyEvents(state: LiveState, events: readonly LiveEvent[], list: ListState): LiveState {
  // Reports from before a gap may be outdated; the queries are refetched.
  const gap = events.findLastIndex(({ type }) => type === "gap");
  let { decided, trust, conversions, corrected } = gap === -1 ? state : INITIAL_STATE;
  const reported = events.slice(gap + 1);
  for (const event of reported) {
    switch (event.type) {
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
        conversions = withLatest(conversions, event.data);
        break;
      case "conversion.correction_changed":
        corrected = withLatest(corrected, event.data);
        break;
    }
  }
  const decisions = reported.flatMap((event) => (event.type === "detection.created" ? [event.data] : []));
  if (decisions.length > 0) decided = addDecisions(decided, decisions, list);
  return { decided, trust, conversions, corrected };
}

/** Forget what had been reported `before` the API was asked for the payments. */
export function forgetKnown({ decided, trust, conversions, corrected }: LiveState, before: LiveState): LiveState {
  return {
    decided: { ...decided, byPayment: without(decided.byPayment, before.decided.byPayment) },
    trust: without(trust, before.trust),
    conversions: without(conversions, before.conversions),
    corrected: without(corrected, before.corrected),
  };
}

/** The entries of `map` that are not the same in `other`. */
const without = <Value>(map: ReadonlyMap<string, Value>, other: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> =>
  new Map([...map].filter(([key, value]) => other.get(key) !== value));

/** Forget what the API has newer: conversions and trust scores, which it was asked for while the stream was not live. */
export const forgetOlder = ({ decided }: LiveState): LiveState => ({ ...INITIAL_STATE, decided });

function trustOf(event: Extract<LiveEvent, { type: "customer.seen" | "trust.updated" }>): ReportedTrust {
  const { version, trust_score: score } = event.data;
  if (event.type === "customer.seen") return { version, score, change: 0, at: event.data.updated_at };
  return { version, score, change: score - event.data.score_before, at: event.data.occurred_at };
}

/** The later of two states of a conversion. Equal times: the second. */
export function latest(first: Conversion | undefined, second: Conversion): Conversion {
  return first !== undefined && first.updated_at > second.updated_at ? first : second;
}

function withLatest(conversions: ReadonlyMap<string, Conversion>, conversion: Conversion): Map<string, Conversion> {
  const { id } = conversion;
  return withEntry(conversions, id, latest(conversions.get(id), conversion), MAX_CONVERSIONS);
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
