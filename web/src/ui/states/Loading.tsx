import styles from "./States.module.css";

/** The loading state: grey placeholders in the rows' final size, which prevents a layout shift. */
export function Loading({ what, rows = 8 }: { what: string; rows?: number }) {
  return (
    <div role="status" className={styles.loading}>
      <span className="visually-hidden">Loading {what}…</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={styles.placeholder} />
      ))}
    </div>
  );
}
