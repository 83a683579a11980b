import type { ReactNode } from "react";

import { Icon } from "../display/Icon";
import styles from "./Disclosure.module.css";

interface Props {
  title: ReactNode;
  /** Open it when it first appears. */
  open?: boolean;
  children: ReactNode;
}

/** Content behind its title, which opens and closes it. */
export function Disclosure({ title, open = false, children }: Props) {
  return (
    <details open={open} className={styles.details}>
      <summary>
        <Icon name="chevron" />
        {title}
      </summary>
      <div className={styles.content}>{children}</div>
    </details>
  );
}
