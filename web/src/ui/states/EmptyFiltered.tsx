import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { uiWords } from "../words";
import styles from "./States.module.css";

interface Props {
  /** The active filters in words, such as "Blocked" and "Kiwify". */
  filters: readonly string[];
  onClear: () => void;
  /** Widen the range to all time, if there is a range. */
  onAllTime?: (() => void) | undefined;
}

/** The empty state of a filtered list: what filters it, and how to see more. */
export function EmptyFiltered({ filters, onClear, onAllTime }: Props) {
  const words = useWords(uiWords);

  return (
    <div role="status" className={styles.blank}>
      <p className={styles.title}>{words.noMatches}</p>
      {filters.length > 0 && <p className={styles.detail}>{filters.join(" · ")}</p>}
      <div className={styles.actions}>
        <Button onClick={onClear}>{words.clearFilters}</Button>
        {onAllTime !== undefined && (
          <Button look="quiet" onClick={onAllTime}>
            {words.searchAllTime}
          </Button>
        )}
      </div>
    </div>
  );
}
