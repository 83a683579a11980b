import type { Conversion, Counts, Detection, Identity, Overview, TrustChange, TrustEntry } from "../api/types";

export function identity(changes: Partial<Identity> = {}): Identity {
  return {
    kind: "user",
    id: "0190c5a2-0000-7000-8000-000000000001",
    name: "ana@shop.example",
    role: "owner",
    permissions: ["read"],
    tenant: { id: "0190c5a2-0000-7000-8000-000000000002", slug: "minha-loja", name: "Minha Loja" },
    ...changes,
  };
}

export function detection(changes: Partial<Detection> = {}): Detection {
  return {
    id: "0190c5a2-0000-7000-8000-0000000000d1",
    event_id: "event-1",
    payment_id: "stripe:pi_1",
    payment_type: "payment.succeeded.v1",
    gateway: "stripe",
    customer_id: "cus_0123456789abcdef0123456789abcdef",
    decision: "allow",
    risk_score: 12,
    reasons: ["trust_history.new_customer"],
    detectors: [{ name: "trust_history", score: 15, reasons: ["trust_history.new_customer"], duration_us: 420 }],
    degraded: [],
    amount_minor: 29_700,
    currency: "BRL",
    occurred_at: "2026-11-20T12:00:00.000000Z",
    created_at: "2026-11-20T12:00:01.000000Z",
    ...changes,
  };
}

/** As many as asked for, newest first, each a second apart. */
export function detections(count: number, changes: Partial<Detection> = {}): Detection[] {
  return Array.from({ length: count }, (_, index) => {
    const second = String(59 - (index % 60)).padStart(2, "0");
    const minute = String(59 - Math.floor(index / 60)).padStart(2, "0");
    const created_at = `2026-11-20T11:${minute}:${second}.000000Z`;
    return detection({ id: `older-${index}`, event_id: `older-event-${index}`, created_at, ...changes });
  });
}

export function conversion(changes: Partial<Conversion> = {}): Conversion {
  return {
    id: "0190c5a2-0000-7000-8000-0000000000c1",
    event_id: "event-1",
    payment_id: "stripe:pi_1",
    destination: "meta",
    destination_id: "0190c5a2-0000-7000-8000-0000000000e1",
    event_name: "Purchase",
    status: "dispatched",
    match: { method: "click_id", confidence: 1, click_id: "oc_1" },
    attempts: 1,
    reason: null,
    code: null,
    amount_minor: 29_700,
    currency: "BRL",
    created_at: "2026-11-20T12:00:01.100000Z",
    updated_at: "2026-11-20T12:00:01.400000Z",
    ...changes,
  };
}

export function trustChange(changes: Partial<TrustChange> = {}): TrustChange {
  return {
    customer_id: "cus_0123456789abcdef0123456789abcdef",
    version: 1,
    score_before: 50,
    trust_score: 52,
    status: "neutral",
    cause: "clean_payment",
    occurred_at: "2026-11-20T12:00:01.000000Z",
    ...changes,
  };
}

export function trustEntry(changes: Partial<TrustEntry> = {}): TrustEntry {
  return {
    kind: "trust",
    at: "2026-11-20T12:00:01.000000Z",
    version: 1,
    score_before: 4,
    score_after: 4,
    status: "neutral",
    cause: "clean_payment",
    actor: null,
    reason: null,
    ...changes,
  };
}

const NO_COUNTS: Counts = {
  webhooks: 0,
  clicks: 0,
  checkouts: 0,
  detections_allow: 0,
  detections_review: 0,
  detections_block: 0,
  detections_degraded: 0,
  payments_succeeded: 0,
  payments_failed: 0,
  payments_canceled: 0,
  payments_refunded: 0,
  disputes_opened: 0,
  disputes_won: 0,
  disputes_lost: 0,
  fraud_warnings: 0,
  conversions_matched: 0,
  conversions_dispatched: 0,
  conversions_failed: 0,
  conversions_suppressed: 0,
  dead_letters: 0,
};

export function overview(today: Partial<Counts> = {}): Overview {
  const counts = { ...NO_COUNTS, ...today };
  const totals = { counts, amounts: [] };
  return {
    timezone: "UTC",
    generated_at: "2026-11-20T12:00:00Z",
    today: totals,
    last_24h: totals,
    last_7d: totals,
    series: { range: "24h", step_s: 3600, points: [] },
    open_dead_letters: 0,
  };
}
