import type { Detection } from "../../api/types";

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
    points: [{ reason: "trust_history.new_customer", detector: "trust_history", points: 12, figures: null }],
    override: null,
    rules: [],
    detectors: [{ name: "trust_history", score: 15, reasons: ["trust_history.new_customer"], duration_us: 420, otherwise: null }],
    degraded: [],
    amount_minor: 29_700,
    currency: "BRL",
    occurred_at: "2026-11-20T12:00:00.000000Z",
    created_at: "2026-11-20T12:00:01.000000Z",
    version: 1,
    replaces: null,
    replaced_by: null,
    ...changes,
  };
}

/** The given number of detections on as many payments, newest first, one second apart. */
export function detections(count: number, changes: Partial<Detection> = {}): Detection[] {
  return Array.from({ length: count }, (_, index) => {
    const second = String(59 - (index % 60)).padStart(2, "0");
    const minute = String(59 - Math.floor(index / 60)).padStart(2, "0");
    const created_at = `2026-11-20T11:${minute}:${second}.000000Z`;
    const ids = { id: `older-${index}`, event_id: `older-event-${index}`, payment_id: `stripe:pi_older_${index}` };
    return detection({ ...ids, created_at, ...changes });
  });
}
