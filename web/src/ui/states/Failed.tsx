import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { Icon } from "../display/Icon";
import { useProblemText } from "../problems/problemText";
import { uiWords } from "../words";
import styles from "./States.module.css";

interface Props {
  what: string;
  error: Error;
  /** Left out where a repetition changes nothing, such as for what does not exist. */
  retry?: () => void;
}

/** The failed state: what could not be loaded, why, and a button that tries again. */
export function Failed({ what, error, retry }: Props) {
  const words = useWords(uiWords);
  const problemText = useProblemText();

  return (
    <div role="alert" className={styles.failed}>
      <Icon name="alert" size={18} />
      <div>
        <p className={styles.title}>{words.couldNotLoad(what)}</p>
        <p className={styles.detail}>{problemText(error)}</p>
      </div>
      {retry !== undefined && <Button onClick={retry}>{words.tryAgain}</Button>}
    </div>
  );
}
