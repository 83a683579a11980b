import styles from "./Meter.module.css";

/** A score from 0 to 100 as a number and a bar. `tone` colours the bar. */
export function Meter({ score, tone }: { score: number; tone: "good" | "warn" | "bad" | "plain" }) {
  return (
    <span className={styles.meter} data-tone={tone}>
      <span className={styles.number}>{score}</span>
      <span aria-hidden="true" className={styles.track}>
        <span style={{ width: `${score}%` }} />
      </span>
    </span>
  );
}
