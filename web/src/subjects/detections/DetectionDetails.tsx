import type { Detection } from "../../api/types";
import { DecisionBadge } from "./DecisionBadge";
import { formatMoney } from "../../ui/format/money";
import { formatFull } from "../../ui/format/time";
import { gatewayName, paymentTypeInWords, reasonInWords, spoken } from "../../ui/words";
import { ConversionList } from "../conversions/ConversionList";
import { CustomerTrust } from "../customers/CustomerTrust";
import styles from "../../ui/panel/Section.module.css";
import { DetectorList } from "./DetectorList";
import { useFollowing, usePayment } from "./useDetails";

export function Details({ detection }: { detection: Detection }) {
  useFollowing(detection);

  return (
    <>
      <section className={styles.section} aria-label="Decision">
        <p className={styles.amount}>{formatMoney(detection.amount_minor, detection.currency)}</p>
        <p className={styles.verdict}>
          <DecisionBadge decision={detection.decision} />
          <span>
            Risk <strong>{detection.risk_score}</strong> of 100
          </span>
        </p>
        {detection.reasons.length > 0 && (
          <ul className={styles.reasons}>
            {detection.reasons.map((code) => (
              <li key={code} title={code}>
                {reasonInWords(code)}
              </li>
            ))}
          </ul>
        )}
      </section>
      <PaymentFacts detection={detection} />
      <DetectorList detectors={detection.detectors} degraded={detection.degraded} />
      {detection.customer_id !== null && <CustomerTrust id={detection.customer_id} />}
      <ConversionList paymentId={detection.payment_id} />
    </>
  );
}

function PaymentFacts({ detection }: { detection: Detection }) {
  const payment = usePayment(detection.payment_id).data;
  const card = [payment?.card_brand && spoken(payment.card_brand), payment?.card_last4 && `•••• ${payment.card_last4}`, payment?.card_country];
  const facts: [string, string | null | undefined][] = [
    ["Gateway", gatewayName(detection.gateway)],
    ["Event", paymentTypeInWords(detection.payment_type)],
    ["State now", payment && spoken(payment.state)],
    ["Method", payment?.payment_method && spoken(payment.payment_method)],
    ["Card", card.filter(Boolean).join(" ")],
    ["Products", payment?.products.join(", ")],
    ["Happened", formatFull(detection.occurred_at)],
    ["Decided", formatFull(detection.created_at)],
  ];

  return (
    <section className={styles.section} aria-labelledby="details-payment">
      <h3 id="details-payment">Payment</h3>
      <dl className={styles.facts}>
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
        <div>
          <dt>Payment id</dt>
          <dd className={styles.id}>{detection.payment_id}</dd>
        </div>
        <div>
          <dt>Event id</dt>
          <dd className={styles.id}>{detection.event_id}</dd>
        </div>
      </dl>
    </section>
  );
}
