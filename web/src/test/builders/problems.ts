import type { BulkPlan, DeadLetter, DeadLetterGroup, Job, ProblemSummary, QuarantineGroup, RejectionGroup } from "../../api/types";

const AT = "2026-11-20T11:55:00.000000Z";
const QUIET_DAY = Array.from({ length: 24 }, () => 0);

export const problemSummary = (changes: Partial<ProblemSummary> = {}): ProblemSummary => ({
  dead_letters: 214,
  last_dead_letter_at: AT,
  quarantine: 14,
  last_quarantined_at: AT,
  rejections: 22,
  last_rejected_at: AT,
  ...changes,
});

export const deadLetterGroup = (changes: Partial<DeadLetterGroup> = {}): DeadLetterGroup => ({
  source: "dispatch",
  kind: "conversion",
  cause: "190/463",
  reason: "The token has expired.",
  code: "190/463",
  type: null,
  count: 214,
  money: [
    { currency: "BRL", amount_minor: 1_230_000 },
    { currency: "USD", amount_minor: 4_000 },
  ],
  since: AT,
  last_at: AT,
  sample_id: "0190c5a2-0000-7000-8000-0000000000a1",
  hourly: QUIET_DAY,
  ...changes,
});

export const quarantineGroup = (changes: Partial<QuarantineGroup> = {}): QuarantineGroup => ({
  gateway: "kiwify",
  kind: "quarantined",
  cause: "unknown order_status",
  reason: "unknown order_status: held",
  gateway_event_type: "order_held",
  count: 14,
  since: AT,
  last_at: AT,
  sample_id: "0190c5a2-0000-7000-8000-0000000000a2",
  hourly: QUIET_DAY,
  ...changes,
});

export const rejectionGroup = (changes: Partial<RejectionGroup> = {}): RejectionGroup => ({
  gateway: "stripe",
  code: "timestamp_too_old",
  reason: "The signature is more than 300 s old.",
  status: 401,
  count: 22,
  senders: 3,
  remote: "203.0.113.7",
  since: AT,
  last_at: AT,
  sample_id: "0190c5a2-0000-7000-8000-0000000000a3",
  hourly: QUIET_DAY,
  ...changes,
});

export const deadLetter = (changes: Partial<DeadLetter> = {}): DeadLetter => ({
  id: "0190c5a2-0000-7000-8000-0000000000a1",
  source: "dispatch",
  kind: "conversion",
  type: null,
  subject: "hotmart:HP1",
  reason: "The token has expired.",
  code: "190/463",
  attempts: 3,
  state: "open",
  first_failed_at: AT,
  created_at: AT,
  settled_at: null,
  settled_by: null,
  settled_reason: null,
  payload: { amount_minor: 49_700 },
  history: [],
  ...changes,
});

export const job = (changes: Partial<Job> = {}): Job => ({
  id: "0190c5a2-0000-7000-8000-0000000000b1",
  kind: "dead_letters.bulk",
  state: "running",
  done: 151,
  total: 214,
  counts: { replayed: 149, failed_again: 2 },
  error: null,
  result: null,
  result_until: null,
  started_by: "ana@shop.example",
  cancel_requested_at: null,
  created_at: AT,
  started_at: AT,
  finished_at: null,
  kept_until: null,
  ...changes,
});

export const bulkPlan = (changes: Partial<BulkPlan> = {}): BulkPlan => ({
  dry_run: true,
  action: "replay",
  count: 214,
  cannot: [{ reason: "too_old", count: 3 }],
  money: [{ currency: "BRL", amount_minor: 1_230_000 }],
  job: null,
  ...changes,
});
