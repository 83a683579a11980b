import { memo } from "react";

import { ConversionState } from "../../../subjects/conversions/ConversionState";
import { conversionNote } from "../../../subjects/conversions/labels";
import { TrustScore } from "../../../subjects/customers/TrustScore";
import { DecisionBadge } from "../../../subjects/detections/DecisionBadge";
import { gatewayName } from "../../../subjects/gateways/names";
import { paymentTypeLabel } from "../../../subjects/payments/labels";
import { Abbreviation } from "../../../ui/display/Abbreviation";
import { Meter } from "../../../ui/display/Meter";
import { formatMoney } from "../../../ui/format/money";
import { abbreviateId } from "../../../ui/format/text";
import { formatDateTime, formatTime } from "../../../ui/format/time";
import type { Row } from "../live/rows";
import styles from "./FeedTable.module.css";
import { ReasonSummary } from "./ReasonSummary";

const TONES = { allow: "plain", review: "warn", block: "bad" } as const;

type Props = Omit<Row, "placedBy"> & { onOpen: (detectionId: string) => void };

export const FeedRow = memo(function FeedRow({
  detection,
  trustScore,
  trustChange,
  conversion,
  destination,
  isNew,
  onOpen,
}: Props) {
  const { decision, risk_score, amount_minor, currency, gateway, payment_type, customer_id, created_at } = detection;
  const amount = formatMoney(amount_minor, currency);
  const note = conversion === undefined ? null : conversionNote(conversion, destination);

  return (
    <tr role="row" className={styles.row} data-new={isNew || undefined} data-decision={decision}>
      <td role="cell" className={styles.decision}>
        <DecisionBadge decision={decision} />
      </td>
      <td role="cell" className={styles.risk}>
        <span className={styles.cardLabel}>Risk </span>
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
        <span className={styles.paymentType}>{paymentTypeLabel(payment_type)}</span>
      </td>
      <td role="cell" className={styles.customer}>
        {customer_id === null ? (
          <span className={styles.none}>No customer</span>
        ) : (
          <>
            <code>
              <Abbreviation short={abbreviateId(customer_id)} full={customer_id} />
            </code>
            <TrustScore score={trustScore} change={trustChange} />
          </>
        )}
      </td>
      <td role="cell" className={styles.reasons}>
        <ReasonSummary detection={detection} />
      </td>
      <td role="cell" className={styles.conversion}>
        {conversion !== undefined && (
          <span title={note ?? undefined}>
            <ConversionState conversion={conversion} />
            {note !== null && <span className="visually-hidden">: {note}</span>}
          </span>
        )}
      </td>
      <td role="cell" className={styles.time}>
        <time dateTime={created_at}>
          <Abbreviation short={formatTime(created_at)} full={formatDateTime(created_at)} />
        </time>
      </td>
    </tr>
  );
});
