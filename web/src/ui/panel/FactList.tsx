import type { ReactNode } from "react";

import styles from "./FactList.module.css";

export interface Fact {
  label: string;
  /** A fact without a value is left out. */
  value: ReactNode;
  /** Set in the monospace font, for ids. */
  code?: boolean;
}

export function FactList({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(
        ({ label, value, code = false }) =>
          value && (
            <div key={label}>
              <dt>{label}</dt>
              <dd className={code ? styles.code : undefined}>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
