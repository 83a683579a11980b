import { Button } from "../controls/Button";
import { Icon } from "../display/Icon";
import styles from "./States.module.css";

/** The failed state: what could not be loaded, why, and a button that tries again. */
export function Failed({ what, error, retry }: { what: string; error: Error; retry: () => void }) {
  return (
    <div role="alert" className={styles.failed}>
      <Icon name="alert" size={18} />
      <div>
        <p className={styles.title}>{what} could not be loaded</p>
        <p className={styles.detail}>{error.message}</p>
      </div>
      <Button onClick={retry}>Try again</Button>
    </div>
  );
}
