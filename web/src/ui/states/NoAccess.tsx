import { Icon } from "../display/Icon";
import styles from "./States.module.css";

/** The forbidden state. `advice` says why and whom to ask. */
export function NoAccess({ advice }: { advice: string }) {
  return (
    <div role="alert" className={styles.failed}>
      <Icon name="alert" size={18} />
      <div>
        <p className={styles.title}>No access</p>
        <p className={styles.detail}>{advice}</p>
      </div>
    </div>
  );
}
