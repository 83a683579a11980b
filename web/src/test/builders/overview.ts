import type { Counts, Overview, PeriodFigures } from "../../api/types";

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

const NO_MONEY = { payments: 0, amounts: [] };

export const NO_FIGURES: PeriodFigures = {
  starts_at: "2026-11-20T00:00:00Z",
  ends_at: "2026-11-20T12:00:00Z",
  sales: NO_MONEY,
  refunded: NO_MONEY,
  chargebacks: NO_MONEY,
  attempts: 0,
  success_rate: null,
  declines: [],
  decisions: { allow: 0, review: 0, block: 0, undecided: 0, degraded: 0 },
  fraud_stopped: {
    total: NO_MONEY,
    share: null,
    declined: NO_MONEY,
    canceled: NO_MONEY,
    refunded: NO_MONEY,
    at_provider: NO_MONEY,
    false_alarms: 0,
  },
  reached: {
    due: 0,
    dispatched: 0,
    pending: 0,
    failed: 0,
    suppressed: 0,
    rate: null,
    amounts: [],
    p50_ms: null,
    p95_ms: null,
    p99_ms: null,
  },
  match: { rate: null, by_method: [] },
};

export function overview(today: Partial<Counts> = {}): Overview {
  const counts = { ...NO_COUNTS, ...today };
  const totals = { counts, amounts: [] };
  return {
    timezone: "UTC",
    generated_at: "2026-11-20T12:00:00Z",
    period: NO_FIGURES,
    compared: null,
    today: totals,
    last_24h: totals,
    last_7d: totals,
    series: { range: "24h", step_s: 3600, points: [] },
    open_dead_letters: 0,
  };
}
