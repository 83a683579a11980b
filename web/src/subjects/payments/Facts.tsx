import type { Conversion, Decision, PaymentState } from "../../api/types";
import { useWords } from "../../i18n/words";
import { ConversionState } from "../conversions/ConversionState";
import { conversionWords } from "../conversions/words";
import { DecisionBadge } from "../detections/DecisionBadge";
import styles from "./Facts.module.css";
import { isMoneyAtRisk, moneyLabel } from "./labels";
import { paymentWords } from "./words";

interface Props {
  payment: { state: PaymentState; refunded_minor: number; currency: string; decision: { decision: Decision } | null };
  conversion: (Pick<Conversion, "status" | "correction"> & { destination?: string }) | null | undefined;
}

/** Decision, money and conversion: three facts, which belong together. "Blocked · Paid, not refunded · Kept from Meta" */
export function Facts({ payment, conversion }: Props) {
  const words = useWords(paymentWords);
  const { none } = useWords(conversionWords);

  return (
    <p className={styles.facts}>
      {payment.decision === null ? (
        <span className={styles.none}>{words.undecided}</span>
      ) : (
        <DecisionBadge decision={payment.decision.decision} />
      )}
      <span aria-hidden="true">·</span>
      <span className={styles.money} data-tone={isMoneyAtRisk(payment.state) ? "bad" : undefined}>
        {moneyLabel(words, payment)}
      </span>
      <span aria-hidden="true">·</span>
      {conversion == null ? <span className={styles.none}>{none}</span> : <ConversionState conversion={conversion} />}
    </p>
  );
}
