import type { Counts, Overview } from "../../api/types";

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
