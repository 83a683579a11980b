import type { TrustEntry } from "../../api/types";
import { humanise } from "../../ui/format/text";

const TRUST_CAUSES: Record<string, string> = {
  dispute_opened: "Dispute opened",
  dispute_won: "Dispute won",
  dispute_lost: "Dispute lost",
  fraud_warning: "Fraud warning",
  refund: "Refund",
  refund_failed: "Refund failed",
  clean_payment: "Clean payment",
  payment_blocked: "Payment blocked",
  block_lifted: "Block lifted",
  verdict_fraud: "Judged as fraud",
  verdict_legitimate: "Judged as legitimate",
  verdict_withdrawn: "Verdict withdrawn",
  correction: "Corrected manually",
  status_set: "Status set manually",
  status_expired: "Status ended",
  merged: "Merged with another customer",
  unmerged: "Separated from another customer",
};

export const trustCauseLabel = (cause: string): string => TRUST_CAUSES[cause] ?? humanise(cause);

/** Who set the status, corrected the score or judged a payment, and why, for a change that a person made. */
export function statusNote({ status, cause, actor, reason }: TrustEntry): string | undefined {
  if (actor === null) return undefined;
  const change = cause === "status_set" ? humanise(status) : trustCauseLabel(cause);
  return `${change} by ${actor}${reason === null ? "" : `: ${reason}`}`;
}
