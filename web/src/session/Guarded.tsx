import { type ReactNode, useId } from "react";

import { Icon } from "../ui/display/Icon";
import styles from "./Guarded.module.css";
import type { Permission } from "./identity";
import { useRefusal } from "./permissions";

/** Controls that need a permission. Without it they are shown disabled, with who may use them. */
export function Guarded({ permission, children }: { permission: Permission; children: ReactNode }) {
  const refusal = useRefusal(permission);
  const reasonId = useId();

  if (refusal === undefined) return children;
  return (
    <span className={styles.guarded} title={refusal}>
      <fieldset disabled aria-describedby={reasonId} className={styles.controls}>
        {children}
      </fieldset>
      {/* Disabled controls take no focus. Keyboards and fingers reach the reason by this button. */}
      <button type="button" className={styles.why} popoverTarget={`${reasonId}why`} aria-label={refusal}>
        <Icon name="lock" size={12} />
      </button>
      <span id={`${reasonId}why`} popover="auto" className={styles.reason}>
        <span id={reasonId}>{refusal}</span>
      </span>
    </span>
  );
}
