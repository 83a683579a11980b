import type { ReviewCase } from "../../api/types";
import { useWords } from "../../i18n/words";
import { gatewayName } from "../../subjects/gateways/names";
import { Time } from "../../ui/display/Time";
import { formatMoney } from "../../ui/format/money";
import styles from "./ReviewPage.module.css";
import { pageWords } from "./words";

interface Props {
  cases: readonly ReviewCase[];
  shown: string | undefined;
  /** The signed-in user: the cases that they hold are not marked. */
  me: string;
  onShow: (paymentId: string) => void;
}

/** The cases, worst first. */
export function Queue({ cases, shown, me, onShow }: Props) {
  const words = useWords(pageWords);

  return (
    <nav aria-label={words.queue} className={styles.queue}>
      <ol>
        {cases.map(({ payment_id, amount_minor, currency, risk_score, gateway, created_at, holder }) => (
          <li key={payment_id}>
            <button
              type="button"
              className={styles.item}
              aria-current={payment_id === shown ? "true" : undefined}
              onClick={() => {
                onShow(payment_id);
              }}
            >
              <strong>{formatMoney(amount_minor, currency)}</strong>
              <span>{words.risk(risk_score)}</span>
              <span className={styles.soft}>
                {gatewayName(gateway)} · <Time iso={created_at} />
              </span>
              {holder !== null && holder.name !== me && <span className={styles.holder}>{words.heldBy(holder.name)}</span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
