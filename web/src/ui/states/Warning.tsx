import type { ReactNode } from "react";

import { Icon } from "../display/Icon";
import styles from "./States.module.css";

export function Warning({ children }: { children: ReactNode }) {
  return (
    <p className={styles.warning}>
      <Icon name="alert" />
      {children}
    </p>
  );
}
