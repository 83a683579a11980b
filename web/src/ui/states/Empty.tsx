import styles from "./States.module.css";

/** The empty state of a small list: one line of text. */
export function Empty({ text }: { text: string }) {
  return <p className={styles.empty}>{text}</p>;
}
