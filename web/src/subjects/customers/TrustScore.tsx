import { useWords } from "../../i18n/words";
import { formatCount } from "../../ui/format/number";
import styles from "./TrustScore.module.css";
import { customerWords } from "./words";

/** A customer's trust score and its latest change. */
export function TrustScore({ score, change }: { score: number | undefined; change: number }) {
  const words = useWords(customerWords);

  if (score === undefined) return <span className={styles.unknown}>{words.noTrust}</span>;
  return (
    <span className={styles.trust}>
      <span className={styles.label}>{words.trust}</span>
      <span className={styles.score}>{score}</span>
      {change !== 0 && (
        <span className={styles.change} data-tone={change > 0 ? "good" : "bad"}>
          <span aria-hidden="true">{change > 0 ? "▲" : "▼"}</span>
          <span className="visually-hidden">{change > 0 ? words.up : words.down} </span>
          {formatCount(Math.abs(change))}
        </span>
      )}
    </span>
  );
}
