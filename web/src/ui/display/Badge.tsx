import type { ReactNode } from "react";

import styles from "./Badge.module.css";
import { Icon, type IconName } from "./Icon";

interface Props {
  tone?: "good" | "warn" | "bad" | "info" | "plain";
  icon?: IconName;
  children: ReactNode;
}

/** A state in a word. The colour only repeats what the word says. */
export function Badge({ tone = "plain", icon, children }: Props) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {icon !== undefined && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}
