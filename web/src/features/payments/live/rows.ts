import type { Conversion, Detection, ListedPayment, PaymentState } from "../../../api/types";
import { worstConversion } from "../../../subjects/payments/outcome";
import { type Filters, matches } from "../filters";
import { MAX_ROWS } from "./decided";
import { latest, type LiveState, type ReportedTrust } from "./liveState";

/** A row's parts. Their identities change only with their values: React renders only rows that changed. */
export interface Row {
  id: string;
  payment: ListedPayment;
  isNew: boolean;
}

/** Join what the API returned with what the stream reported: one row for each payment, the newest payment first. */
export function buildRows(fetched: readonly ListedPayment[], live: LiveState, filters: Filters, takesNew: boolean, most = MAX_ROWS): Row[] {
  const { decided, trust } = live;
  const conversions = worstByPayment(live);
  const known = new Map(fetched.map((payment) => [payment.id, payment]));
  const added = takesNew ? [...decided.byPayment.values()].filter(({ payment_id }) => !known.has(payment_id)).map(payment) : [];
  return [...known.values(), ...added]
    .map((each) => merged(each, decided.byPayment.get(each.id), conversions.get(each.id), trust.get(each.buyer?.customer_id ?? "")))
    .filter((each) => matches(each, filters))
    .sort(newestFirst)
    .slice(0, most)
    .map((each) => ({ id: each.id, payment: each, isNew: decided.highlighted.has(each.id) }));
}

/** Compare by the time of the first event, for sorting with the newest first. */
export function newestFirst(first: ListedPayment, second: ListedPayment): number {
  // All times are UTC in one notation, so comparing them as text orders them to the microsecond.
  const key = ({ created_at, id }: ListedPayment) => created_at + id;
  return key(first) < key(second) ? 1 : -1;
}

interface Parts {
  detection: Detection | undefined;
  conversion: Conversion | undefined;
  trust: ReportedTrust | undefined;
  result: ListedPayment;
}

const MERGED = new WeakMap<ListedPayment, Parts>();
const ADDED = new WeakMap<Detection, ListedPayment>();

/** A payment with what the stream reported of it: the same object while the parts are the same. */
function merged(base: ListedPayment, detection: Detection | undefined, conversion: Conversion | undefined, trust: ReportedTrust | undefined) {
  if (detection === undefined && conversion === undefined && trust === undefined) return base;
  const before = MERGED.get(base);
  if (before !== undefined && before.detection === detection && before.conversion === conversion && before.trust === trust) {
    return before.result;
  }
  const result = withConversion(withTrust(withDecision(base, detection), trust), conversion);
  MERGED.set(base, { detection, conversion, trust, result });
  return result;
}

function withDecision(base: ListedPayment, detection: Detection | undefined): ListedPayment {
  if (detection === undefined || (base.decision?.version ?? -1) >= detection.version) return base;
  return {
    ...base,
    decision: decisionOf(detection),
    decisions: base.decisions + (base.decision?.id === detection.id ? 0 : 1),
    amount_minor: detection.amount_minor,
    state: stateAfter(base.state, detection),
    buyer: base.buyer ?? buyerOf(detection),
  };
}

function withTrust(base: ListedPayment, trust: ReportedTrust | undefined): ListedPayment {
  if (trust === undefined || base.buyer === null) return base;
  const last_change = trust.change === 0 ? base.buyer.last_change : trust.change;
  return { ...base, buyer: { ...base.buyer, trust_score: trust.score, last_change } };
}

function withConversion(base: ListedPayment, conversion: Conversion | undefined): ListedPayment {
  if (conversion === undefined) return base;
  const count = base.conversion?.count ?? 1;
  const { status, reason, code, correction, waiting_for } = conversion;
  return { ...base, conversion: { status, reason, code, correction, waiting_for, count } };
}

/** A payment as its decision describes it, until the API is asked for it. */
function payment(detection: Detection): ListedPayment {
  const before = ADDED.get(detection);
  if (before !== undefined) return before;
  const { payment_id: id, gateway, amount_minor, currency, occurred_at } = detection;
  const added: ListedPayment = {
    id,
    gateway,
    order_id: null,
    state: stateAfter("created", detection),
    amount_minor,
    refunded_minor: 0,
    currency,
    payment_method: null,
    card_brand: null,
    card_last4: null,
    products: [],
    livemode: true,
    test: false,
    decision: decisionOf(detection),
    decisions: detection.replaces === null ? 1 : 2,
    buyer: buyerOf(detection),
    conversion: null,
    verdict: null,
    created_at: occurred_at,
    updated_at: occurred_at,
  };
  ADDED.set(detection, added);
  return added;
}

/** How many reasons a row shows, as the API sends them. */
const SHOWN_REASONS = 2;

function decisionOf({ id, decision, risk_score, version, points, reasons, override, created_at }: Detection): ListedPayment["decision"] {
  const shown = points.slice(0, SHOWN_REASONS);
  const more_reasons = Math.max(0, reasons.length - shown.length);
  return { id, decision, risk_score, version, points: shown, more_reasons, override, created_at };
}

const buyerOf = ({ customer_id }: Detection): ListedPayment["buyer"] =>
  customer_id === null ? null : { customer_id, trust_score: null, last_change: null, status: "neutral" };

const DECIDED_STATES: readonly string[] = ["created", "failed", "canceled", "succeeded"];

/** Only the attempt decides: a refund or a dispute that is known already stays. */
function stateAfter(state: PaymentState, { payment_type }: Detection): PaymentState {
  const reported = payment_type.replace(/^payment\./, "").replace(/\.v\d+$/, "");
  if (!DECIDED_STATES.includes(state) || !DECIDED_STATES.includes(reported)) return state;
  return state === "succeeded" ? state : (reported as PaymentState);
}

/** What the stream reported of the payments' conversions, with the latest correction of each. */
function worstByPayment({ conversions, corrected }: LiveState): Map<string, Conversion> {
  const byPayment = new Map<string, Conversion>();
  // A change of the correction may overtake the report that the conversion was sent.
  for (const [id, reported] of new Map([...corrected, ...conversions])) {
    const conversion = withCorrection(reported, corrected.get(id));
    const other = byPayment.get(conversion.payment_id);
    byPayment.set(conversion.payment_id, other === undefined ? conversion : (worstConversion([other, conversion]) ?? conversion));
  }
  return byPayment;
}

const CORRECTED = new WeakMap<Conversion, Conversion>();

function withCorrection(conversion: Conversion, corrected: Conversion | undefined): Conversion {
  if (corrected === undefined || corrected === conversion || conversion.correction === corrected.correction) return conversion;
  const known = CORRECTED.get(conversion);
  if (known?.correction === corrected.correction) return known;
  const result = { ...latest(corrected, conversion), correction: corrected.correction };
  CORRECTED.set(conversion, result);
  return result;
}
