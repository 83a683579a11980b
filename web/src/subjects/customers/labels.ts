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
  status_set: "Status set manually",
};

export const trustCauseLabel = (cause: string): string => TRUST_CAUSES[cause] ?? humanise(cause);

/** Who set the status and why, for a change that a person made. */
export function statusNote({ status, actor, reason }: TrustEntry): string | undefined {
  if (actor === null) return undefined;
  return `${humanise(status)} by ${actor}${reason === null ? "" : `: ${reason}`}`;
}
