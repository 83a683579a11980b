import styles from "./States.module.css";

/** Rows in grey where rows will be, so that nothing jumps when they come. */
export function Loading({ what, rows = 8 }: { what: string; rows?: number }) {
  return (
    <div role="status" className={styles.loading}>
      <span className="visually-hidden">Loading {what}…</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={styles.bone} />
      ))}
    </div>
  );
}
