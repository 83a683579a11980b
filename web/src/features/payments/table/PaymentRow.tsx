import { memo } from "react";

import type { ListedDestination, ListedPayment } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { ConversionState } from "../../../subjects/conversions/ConversionState";
import { conversionNote } from "../../../subjects/conversions/labels";
import { conversionWords } from "../../../subjects/conversions/words";
import { TrustScore } from "../../../subjects/customers/TrustScore";
import { DecisionBadge } from "../../../subjects/detections/DecisionBadge";
import { gatewayName } from "../../../subjects/gateways/names";
import { isMoneyAtRisk, moneyLabel } from "../../../subjects/payments/labels";
import { paymentWords } from "../../../subjects/payments/words";
import { Checkbox } from "../../../ui/controls/Checkbox";
import { Abbreviation } from "../../../ui/display/Abbreviation";
import { Badge } from "../../../ui/display/Badge";
import { Glyph } from "../../../ui/display/Glyph";
import { Meter } from "../../../ui/display/Meter";
import { Time } from "../../../ui/display/Time";
import { formatMoney } from "../../../ui/format/money";
import { abbreviateId } from "../../../ui/format/text";
import { uiWords } from "../../../ui/words";
import { paymentsWords } from "../words";
import styles from "./PaymentTable.module.css";
import { Reasons } from "./Reasons";

const TONES = { allow: "plain", review: "warn", block: "bad" } as const;

interface Props {
  payment: ListedPayment;
  destination: ListedDestination | undefined;
  isNew: boolean;
  isOpen: boolean;
  isChosen: boolean;
  onOpen: (paymentId: string) => void;
  onChoose: (paymentId: string, chosen: boolean) => void;
}

export const PaymentRow = memo(function PaymentRow({ payment, destination, isNew, isOpen, isChosen, onOpen, onChoose }: Props) {
  const words = useWords(paymentsWords);
  const texts = useWords(paymentWords);
  const conversions = useWords(conversionWords);
  const { selectRow } = useWords(uiWords);
  const { id, decision, buyer, conversion, gateway } = payment;
  const amount = formatMoney(payment.amount_minor, payment.currency);
  const note = conversion === null ? null : conversionNote(conversions, conversion, destination);

  return (
    <tr
      role="row"
      className={styles.row}
      data-row={id}
      data-new={isNew || undefined}
      data-decision={decision?.decision}
      aria-current={isOpen ? "true" : undefined}
    >
      <td role="cell" className={styles.choice}>
        <Checkbox
          label={selectRow(`${amount}, ${gatewayName(gateway)}`)}
          hideLabel
          checked={isChosen}
          onChange={(chosen) => {
            onChoose(id, chosen);
          }}
        />
      </td>
      <td role="cell" className={styles.decision}>
        {decision === null ? <span className={styles.none}>{texts.undecided}</span> : <DecisionBadge decision={decision.decision} />}
        {payment.verdict !== null && <span className={styles.below}>{texts.verdicts[payment.verdict.verdict]}</span>}
        {payment.verdict === null && payment.decisions > 1 && <span className={styles.below}>{words.decisions(payment.decisions)}</span>}
      </td>
      <td role="cell" className={styles.risk}>
        {decision !== null && (
          <>
            <span className={styles.cardLabel}>{words.columns.risk} </span>
            <Meter score={decision.risk_score} tone={TONES[decision.decision]} />
          </>
        )}
      </td>
      <td role="cell" className={styles.amount}>
        <button
          type="button"
          data-open=""
          className={styles.open}
          aria-label={words.details(amount)}
          onClick={() => {
            onOpen(id);
          }}
        >
          {amount}
        </button>
      </td>
      <td role="cell" className={styles.money} data-tone={isMoneyAtRisk(payment.state) ? "bad" : undefined}>
        {moneyLabel(texts, payment)}
        <span className={styles.below}>
          {gatewayName(gateway)} {payment.test && <Badge tone="info">{texts.test}</Badge>}
        </span>
      </td>
      <td role="cell" className={styles.buyer}>
        {buyer === null ? (
          <span className={styles.none}>{words.noBuyer}</span>
        ) : (
          <>
            <Glyph id={buyer.customer_id} />
            <span>
              <code>
                <Abbreviation short={abbreviateId(buyer.customer_id)} full={buyer.customer_id} />
              </code>
              {buyer.trust_score !== null && <TrustScore score={buyer.trust_score} change={buyer.last_change ?? 0} />}
            </span>
          </>
        )}
      </td>
      <td role="cell" className={styles.reasons}>
        {decision !== null && <Reasons decision={decision} />}
      </td>
      <td role="cell" className={styles.conversion}>
        {conversion !== null && (
          <span title={note ?? undefined}>
            <ConversionState conversion={conversion} />
            {note !== null && <span className="visually-hidden">: {note}</span>}
          </span>
        )}
      </td>
      <td role="cell" className={styles.time}>
        <Time iso={payment.created_at} />
      </td>
    </tr>
  );
});
