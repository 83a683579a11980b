import type { Decision, PaymentState } from "../../api/types";
import { formatMoney } from "../../ui/format/money";
import type { Words } from "./words";

interface Money {
  state: PaymentState;
  refunded_minor: number;
  currency: string;
  decision: { decision: Decision } | null;
}

/** What happened to the money. A block does not return it: of a paid, blocked payment it says so. */
export function moneyLabel(words: Words, { state, refunded_minor, currency, decision }: Money): string {
  if (state === "succeeded" && decision?.decision === "block") return words.paidNotRefunded;
  if (state === "partially_refunded") return words.partlyRefunded(formatMoney(refunded_minor, currency));
  return words.states[state];
}

/** Where the money is lost or may be. */
export const isMoneyAtRisk = (state: PaymentState): boolean => state === "disputed" || state === "chargeback";
