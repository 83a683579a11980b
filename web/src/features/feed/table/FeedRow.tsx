import { memo } from "react";

import { Brief } from "../../../ui/display/Abbreviation";
import { ConversionState } from "../../../subjects/conversions/ConversionState";
import { DecisionBadge } from "../../../subjects/detections/DecisionBadge";
import { Icon } from "../../../ui/display/Icon";
import { Meter } from "../../../ui/display/Meter";
import { formatMoney } from "../../../ui/format/money";
import { formatFull, formatMoment } from "../../../ui/format/time";
import { TrustScore } from "../../../subjects/customers/TrustScore";
import { gatewayName, paymentTypeInWords, reasonInWords, shortId } from "../../../ui/words";
import type { Row } from "../live/liveState";
import styles from "./FeedTable.module.css";

const SHOWN_REASONS = 2;
const TONES = { allow: "plain", review: "warn", block: "bad" } as const;

type Props = Row & { onOpen: (detectionId: string) => void };

export const FeedRow = memo(function FeedRow({ detection, trustScore, trustChange, conversion, fresh, onOpen }: Props) {
  const { decision, risk_score, amount_minor, currency, gateway, payment_type, customer_id, created_at } = detection;
  const amount = formatMoney(amount_minor, currency);

  return (
    <tr role="row" className={styles.row} data-fresh={fresh || undefined} data-decision={decision}>
      <td role="cell" className={styles.decision}>
        <DecisionBadge decision={decision} />
      </td>
      <td role="cell" className={styles.risk}>
        <span className={styles.folded}>Risk </span>
        <Meter score={risk_score} tone={TONES[decision]} />
      </td>
      <td role="cell" className={styles.amount}>
        <button
          type="button"
          className={styles.open}
          aria-label={`${amount}, details`}
          onClick={() => {
            onOpen(detection.id);
          }}
        >
          {amount}
        </button>
      </td>
      <td role="cell" className={styles.payment}>
        {gatewayName(gateway)}
        <span className={styles.kind}>{paymentTypeInWords(payment_type)}</span>
      </td>
      <td role="cell" className={styles.customer}>
        {customer_id === null ? (
          <span className={styles.none}>No customer</span>
        ) : (
          <>
            <code>
              <Brief brief={shortId(customer_id)} whole={customer_id} />
            </code>
            <TrustScore score={trustScore} change={trustChange} />
          </>
        )}
      </td>
      <td role="cell" className={styles.reasons}>
        <Reasons codes={detection.reasons} degraded={detection.degraded.length > 0} />
      </td>
      <td role="cell" className={styles.conversion}>
        {conversion !== undefined && (
          <span title={conversion.reason ?? undefined}>
            <ConversionState conversion={conversion} />
            {conversion.reason !== null && <span className="visually-hidden">: {conversion.reason}</span>}
          </span>
        )}
      </td>
      <td role="cell" className={styles.time}>
        <time dateTime={created_at}>
          <Brief brief={formatMoment(created_at)} whole={formatFull(created_at)} />
        </time>
      </td>
    </tr>
  );
});

function Reasons({ codes, degraded }: { codes: readonly string[]; degraded: boolean }) {
  const reasons = codes.map(reasonInWords);
  const more = reasons.slice(SHOWN_REASONS);
  return (
    <span className={styles.words} title={reasons.join("\n")}>
      {degraded && (
        <span className={styles.degraded}>
          <Icon name="alert" size={12} />
          Degraded
        </span>
      )}
      <span className={styles.sentences}>
        {reasons.slice(0, SHOWN_REASONS).map((reason) => (
          <span key={reason}>{reason}</span>
        ))}
      </span>
      {more.length > 0 && (
        <span className={styles.more}>
          +{more.length}
          <span className="visually-hidden">: {more.join(", ")}</span>
        </span>
      )}
    </span>
  );
}
