import { type ReactNode, useId } from "react";

import { Link } from "react-router";

import styles from "./StatCard.module.css";

interface Props {
  title: string;
  /** The list that the number counts. */
  to?: string;
  /** The number, or "–" while there is none. */
  value: ReactNode;
  /** What belongs beside the number, such as how many. */
  beside?: ReactNode;
  /** Lines below. */
  children?: ReactNode;
  /** A small chart at the foot. */
  chart?: ReactNode;
  busy?: boolean;
}

/** A number with what it says. The whole card leads to the list that it counts. */
export function StatCard({ title, to, value, beside, children, chart, busy = false }: Props) {
  const titleId = useId();

  return (
    <section aria-labelledby={titleId} aria-busy={busy} className={styles.card}>
      <h2 id={titleId} className={styles.title}>
        {to === undefined ? (
          title
        ) : (
          <Link to={to} className={styles.link}>
            {title}
          </Link>
        )}
      </h2>
      <p className={styles.value}>
        <span>{value}</span>
        {beside !== undefined && <span className={styles.beside}>{beside}</span>}
      </p>
      {children !== undefined && <div className={styles.lines}>{children}</div>}
      {chart}
    </section>
  );
}
