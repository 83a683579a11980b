import styles from "./TrustScore.module.css";

/** A customer's trust score and its latest change. */
export function TrustScore({ score, change }: { score: number | undefined; change: number }) {
  if (score === undefined) return <span className={styles.unknown}>No trust score yet</span>;
  return (
    <span className={styles.trust}>
      <span className={styles.label}>Trust</span>
      <span className={styles.score}>{score}</span>
      {change !== 0 && (
        <span className={styles.change} data-tone={change > 0 ? "good" : "bad"}>
          <span aria-hidden="true">{change > 0 ? "▲" : "▼"}</span>
          <span className="visually-hidden">{change > 0 ? "up" : "down"} </span>
          {Math.abs(change)}
        </span>
      )}
    </span>
  );
}
