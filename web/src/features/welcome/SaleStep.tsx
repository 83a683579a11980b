import { useWords } from "../../i18n/words";
import { LinkButton } from "../../ui/controls/Button";
import { Empty } from "../../ui/states/Empty";
import styles from "./Welcome.module.css";
import { welcomeWords } from "./words";

/** The first sale, with what its page shows. */
export function SaleStep({ paymentId }: { paymentId: string | null }) {
  const { sale } = useWords(welcomeWords);

  return (
    <div className={styles.card}>
      {paymentId === null ? (
        <Empty text={sale.none} />
      ) : (
        <LinkButton to={`/payments/${encodeURIComponent(paymentId)}`} look="primary">
          {sale.open}
        </LinkButton>
      )}
      {paymentId === null && <LinkButton to="/welcome?step=gateway">{sale.toGateway}</LinkButton>}
      <p>{sale.look}</p>
      <ol className={styles.marks}>
        {sale.marks.map((mark) => (
          <li key={mark}>{mark}</li>
        ))}
      </ol>
    </div>
  );
}
