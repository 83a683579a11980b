import type { Conversion } from "../../api/types";

export function conversion(changes: Partial<Conversion> = {}): Conversion {
  return {
    id: "0190c5a2-0000-7000-8000-0000000000c1",
    event_id: "event-1",
    payment_id: "stripe:pi_1",
    destination: "meta",
    destination_id: "0190c5a2-0000-7000-8000-0000000000e1",
    event_name: "Purchase",
    status: "dispatched",
    match: { method: "click_id", confidence: 1, click_id: "oc_1", tried: [], utm: null },
    attempts: 1,
    reason: null,
    code: null,
    amount_minor: 29_700,
    currency: "BRL",
    correction: null,
    waiting_for: null,
    created_at: "2026-11-20T12:00:01.100000Z",
    updated_at: "2026-11-20T12:00:01.400000Z",
    ...changes,
  };
}
