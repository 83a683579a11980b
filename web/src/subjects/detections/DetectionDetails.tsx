import type { Detection } from "../../api/types";
import { formatMoney } from "../../ui/format/money";
import { Section } from "../../ui/panel/Section";
import { ConversionList } from "../conversions/ConversionList";
import { CustomerTrust } from "../customers/CustomerTrust";
import { PaymentFacts } from "../payments/PaymentFacts";
import { DecisionBadge } from "./DecisionBadge";
import styles from "./DetectionDetails.module.css";
import { DetectorList } from "./DetectorList";
import { reasonLabel } from "./labels";
import { useDetectionUpdates } from "./useDetection";

/** A decision with the payment, customer and conversions it concerns. */
export function DetectionDetails({ detection }: { detection: Detection }) {
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
        {detection.reasons.length > 0 && (
          <ul className={styles.reasons}>
            {detection.reasons.map((code) => (
              <li key={code} title={code}>
                {reasonLabel(code)}
              </li>
            ))}
          </ul>
        )}
      </Section>
      <PaymentFacts detection={detection} />
      <DetectorList detectors={detection.detectors} degraded={detection.degraded} />
      {detection.customer_id !== null && <CustomerTrust id={detection.customer_id} />}
      <ConversionList paymentId={detection.payment_id} />
    </>
  );
}
