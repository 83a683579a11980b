import { Link } from "react-router";

import { formatCount, formatPercent } from "../format/number";
import styles from "./Funnel.module.css";

export interface FunnelStep {
  id: string;
  name: string;
  count: number;
  /** The list that it counts. */
  to?: string;
}

/** How many reach each step. The bars are relative to the largest, the shares to the step before. */
export function Funnel({ title, sentence, steps }: { title: string; sentence: string; steps: readonly FunnelStep[] }) {
  const largest = Math.max(1, ...steps.map(({ count }) => count));

  return (
    <figure className={styles.funnel}>
      <figcaption>
        <h2>{title}</h2>
        <p className="visually-hidden">{sentence}</p>
      </figcaption>
      <ol>
        {steps.map(({ id, name, count, to }, index) => {
          const before = steps[index - 1]?.count;
          return (
            <li key={id}>
              <span className={styles.name}>{to === undefined ? name : <Link to={to}>{name}</Link>}</span>
              <span aria-hidden="true" className={styles.track}>
                <span style={{ width: `${(100 * count) / largest}%` }} />
              </span>
              <strong>{formatCount(count)}</strong>
              <span className={styles.share}>{before ? formatPercent(count / before) : ""}</span>
            </li>
          );
        })}
      </ol>
    </figure>
  );
}
