import type { TrustChange, TrustEntry } from "../../api/types";

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
