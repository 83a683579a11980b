import { Button } from "../controls/Button";
import { Icon } from "../display/Icon";
import { useProblemText } from "../problems/problemText";
import styles from "./States.module.css";

/** The failed state: what could not be loaded, why, and a button that tries again. */
export function Failed({ what, error, retry }: { what: string; error: Error; retry: () => void }) {
  const problemText = useProblemText();

  return (
    <div role="alert" className={styles.failed}>
      <Icon name="alert" size={18} />
      <div>
        <p className={styles.title}>{what} could not be loaded</p>
        <p className={styles.detail}>{problemText(error)}</p>
      </div>
      <Button onClick={retry}>Try again</Button>
    </div>
  );
}
