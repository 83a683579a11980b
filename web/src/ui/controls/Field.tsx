import type { ReactNode } from "react";

import styles from "./Field.module.css";

/** A form field with its label. `children` is the input or select. */
export function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className={styles.field}>
      {label}
      {children}
    </label>
  );
}

/** A ref for a field that appears after an earlier step: it is the next one to fill in. */
export const focusField = (field: HTMLElement | null) => field?.focus();
