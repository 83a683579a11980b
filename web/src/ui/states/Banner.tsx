import type { ReactNode } from "react";

import { Icon } from "../display/Icon";
import styles from "./Banner.module.css";

interface Props {
  tone?: "good" | "info" | "warn" | "bad";
  children: ReactNode;
  /** What mends it: a button or a link. */
  action?: ReactNode;
}

const ICONS = { good: "check", info: "note", warn: "alert", bad: "alert" } as const;

/** A line above a page or a part of it, about a state that lasts. */
export function Banner({ tone = "info", children, action }: Props) {
  return (
    <div role={tone === "bad" ? "alert" : "status"} className={styles.banner} data-tone={tone}>
      <Icon name={ICONS[tone]} size={16} />
      <div className={styles.text}>{children}</div>
      {action}
    </div>
  );
}
