import type { ReactNode } from "react";

import styles from "./EntryList.module.css";

export function EntryList({ children }: { children: ReactNode }) {
  return <ol className={styles.entries}>{children}</ol>;
}

interface Props {
  title: ReactNode;
  value: ReactNode;
  /** A time or a duration, in the right-hand column. */
  time: ReactNode;
  /** Lines below, over the whole width. */
  note?: string | undefined;
  detail?: string | undefined;
}

export function Entry({ title, value, time, note, detail }: Props) {
  return (
    <li className={styles.entry}>
      <span className={styles.title}>{title}</span>
      <span>{value}</span>
      <span className={styles.time}>{time}</span>
      {note !== undefined && <span className={styles.note}>{note}</span>}
      {detail !== undefined && <span className={styles.note}>{detail}</span>}
    </li>
  );
}
