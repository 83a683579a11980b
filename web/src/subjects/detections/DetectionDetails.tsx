import type { Detection } from "../../api/types";
import { formatMoney } from "../../ui/format/money";
import { Section } from "../../ui/panel/Section";
import { ConversionList } from "../conversions/ConversionList";
import { CustomerTrust } from "../customers/CustomerTrust";
import { PaymentFacts } from "../payments/PaymentFacts";
import { DecisionBadge } from "./DecisionBadge";
import { DecisionHistory } from "./DecisionHistory";
import styles from "./DetectionDetails.module.css";
import { DetectorList } from "./DetectorList";
import { ReasonList } from "./ReasonList";
import { ReplacedNotice } from "./ReplacedNotice";
import { useDetectionUpdates } from "./useDetection";

interface Props {
  detection: Detection;
  /** Show another decision on the payment. */
  onOpen: (detectionId: string) => void;
}

/** A decision with the payment, customer and conversions it concerns. */
export function DetectionDetails({ detection, onOpen }: Props) {
  useDetectionUpdates(detection);

  return (
    <>
      <Section title="Decision" hideTitle>
        <p className={styles.amount}>{formatMoney(detection.amount_minor, detection.currency)}</p>
        <p className={styles.decision}>
          <DecisionBadge decision={detection.decision} />
          <span>
            Risk <strong>{detection.risk_score}</strong> of 100
          </span>
        </p>
        <ReplacedNotice detection={detection} onOpen={onOpen} />
      </Section>
      <ReasonList detection={detection} />
      <DecisionHistory detection={detection} onOpen={onOpen} />
      <PaymentFacts detection={detection} />
      <DetectorList detection={detection} />
      {detection.customer_id !== null && <CustomerTrust id={detection.customer_id} />}
      <ConversionList paymentId={detection.payment_id} />
    </>
  );
}
