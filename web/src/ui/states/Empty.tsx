import type { ReactNode } from "react";

import styles from "./States.module.css";

interface Props {
  /** What will be here. Without it, the state is one line of text, for small lists. */
  title?: string;
  /** Why it is empty, and what brings the first entry. */
  text: string;
  /** The one next step: a link or a button. */
  action?: ReactNode;
}

/** The empty state. */
export function Empty({ title, text, action }: Props) {
  if (title === undefined) return <p className={styles.empty}>{text}</p>;
  return (
    <div className={styles.blank}>
      <p className={styles.title}>{title}</p>
      <p className={styles.detail}>{text}</p>
      {action}
    </div>
  );
}
