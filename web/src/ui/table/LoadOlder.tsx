import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { uiWords } from "../words";
import styles from "./LoadOlder.module.css";

interface Props {
  hasOlder: boolean;
  busy: boolean;
  onLoad: () => void;
}

/** The foot of a list that is cut into pages. */
export function LoadOlder({ hasOlder, busy, onLoad }: Props) {
  const words = useWords(uiWords);

  return (
    <div className={styles.foot}>
      {hasOlder ? (
        <Button busy={busy} onClick={onLoad}>
          {words.loadOlder}
        </Button>
      ) : (
        words.noneOlder
      )}
    </div>
  );
}
