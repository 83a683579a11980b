import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { CopyId } from "../display/CopyId";
import { Icon } from "../display/Icon";
import { problemText } from "../problems/problemText";
import { requestIdOf } from "../problems/requestId";
import { problemWords } from "../problems/words";
import { uiWords } from "../words";
import styles from "./States.module.css";

interface Props {
  what: string;
  error: Error;
  /** Left out where a repetition changes nothing, such as for what does not exist. */
  retry?: () => void;
}

/** The failed state: what could not be loaded, why, the id of the request to copy, and a button that tries again. */
export function Failed({ what, error, retry }: Props) {
  const words = useWords(uiWords);
  const problems = useWords(problemWords);
  const requestId = requestIdOf(error);

  return (
    <div role="alert" className={styles.failed}>
      <Icon name="alert" size={18} />
      <div>
        <p className={styles.title}>{words.couldNotLoad(what)}</p>
        <p className={styles.detail}>{problemText(problems, error)}</p>
        {requestId !== undefined && (
          <p className={styles.detail}>
            {words.requestId} <CopyId id={requestId} whole />
          </p>
        )}
      </div>
      {retry !== undefined && <Button onClick={retry}>{words.tryAgain}</Button>}
    </div>
  );
}
