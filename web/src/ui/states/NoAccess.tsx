import { useWords } from "../../i18n/words";
import { Icon } from "../display/Icon";
import { uiWords } from "../words";
import styles from "./States.module.css";

/** The forbidden state. `advice` says why and whom to ask. */
export function NoAccess({ advice }: { advice: string }) {
  const words = useWords(uiWords);

  return (
    <div role="alert" className={styles.failed}>
      <Icon name="lock" size={18} />
      <div>
        <p className={styles.title}>{words.noAccess}</p>
        <p className={styles.detail}>{advice}</p>
      </div>
    </div>
  );
}
