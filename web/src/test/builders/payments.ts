import type { ListedPayment, PaymentStory } from "../../api/types";
import { detection } from "./detections";

type Decision = NonNullable<ListedPayment["decision"]>;

/** A payment as the list has it. `decision` changes its decision. */
export function listedPayment(changes: Partial<ListedPayment> = {}, decision: Partial<Decision> = {}): ListedPayment {
  return {
    id: "stripe:pi_1",
    gateway: "stripe",
    order_id: "1047",
    state: "succeeded",
    amount_minor: 29_700,
    refunded_minor: 0,
    currency: "BRL",
    payment_method: "card",
    card_brand: "visa",
    card_last4: "4242",
    products: ["Course"],
    livemode: true,
    test: false,
    decision: {
      id: "0190c5a2-0000-7000-8000-0000000000d1",
      decision: "allow",
      risk_score: 12,
      version: 1,
      points: [{ reason: "trust_history.new_customer", detector: "trust_history", points: 12, figures: null }],
      more_reasons: 0,
      override: null,
      created_at: "2026-11-20T12:00:01.000000Z",
      ...decision,
    },
    decisions: 1,
    buyer: {
      customer_id: "cus_0123456789abcdef0123456789abcdef",
      trust_score: 50,
      last_change: null,
      status: "neutral",
    },
    conversion: null,
    verdict: null,
    created_at: "2026-11-20T12:00:00.000000Z",
    updated_at: "2026-11-20T12:00:00.000000Z",
    ...changes,
  };
}

/** The given number of payments, newest first, one second apart. */
export function listedPayments(count: number, decision: Partial<Decision> = {}): ListedPayment[] {
  return Array.from({ length: count }, (_, index) => {
    const second = String(59 - (index % 60)).padStart(2, "0");
    const minute = String(59 - Math.floor(index / 60)).padStart(2, "0");
    const created_at = `2026-11-20T11:${minute}:${second}.000000Z`;
    return listedPayment({ id: `stripe:pi_older_${index}`, created_at }, { id: `older-${index}`, ...decision });
  });
}

const part = <Item>(...items: Item[]) => ({ status: items.length > 0 ? ("ok" as const) : ("missing" as const), items });

/** The story of a paid payment with one decision. */
export function story(changes: Partial<PaymentStory> = {}, payment: Partial<PaymentStory["payment"]> = {}): PaymentStory {
  const decided = detection();
  return {
    payment: {
      id: decided.payment_id,
      gateway: "stripe",
      order_id: "1047",
      customer_id: decided.customer_id,
      state: "succeeded",
      amount_minor: 29_700,
      refunded_minor: 0,
      currency: "BRL",
      payment_method: "card",
      card_brand: "visa",
      card_last4: "4242",
      card_country: "BR",
      products: ["Course"],
      livemode: true,
      test: false,
      decision: { id: decided.id, decision: decided.decision, risk_score: decided.risk_score, version: 1, created_at: decided.created_at },
      actions: [],
      created_at: "2026-11-20T12:00:00.000000Z",
      updated_at: "2026-11-20T12:00:00.000000Z",
      verdict: null,
      ...payment,
    },
    webhooks: part(),
    decisions: part(decided),
    trust: part(),
    conversions: part(),
    deliveries: part(),
    actions: part(),
    fraud_signs: part(),
    audit: part(),
    timeline: [
      { at: decided.created_at, offset_ms: 8, part: "decisions", kind: "decided", id: decided.id, detail: decided.decision },
    ],
    outlook: [],
    generated_at: "2026-11-20T12:00:09.000000Z",
    ...changes,
  };
}
