import type { ListedPayment } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { formatPoints, overrideLabel, reasonLabel } from "../../../subjects/detections/labels";
import { detectionWords } from "../../../subjects/detections/words";
import styles from "./PaymentTable.module.css";

/** The reasons with the most points; all of their words on hover. */
export function Reasons({ decision }: { decision: NonNullable<ListedPayment["decision"]> }) {
  const words = useWords(detectionWords);
  const { points, more_reasons, override } = decision;
  const shown = points.map((each) => ({ points: formatPoints(each.points), text: reasonLabel(words, each.reason, [], each.figures) }));

  return (
    <span className={styles.reasonSummary} title={shown.map((each) => `${each.points} ${each.text}`).join("\n")}>
      {override !== null && <span className={styles.override}>{overrideLabel(words, override)}</span>}
      <span className={styles.reasonTexts}>
        {shown.map((each) => (
          <span key={each.text}>
            <span className={styles.points}>{each.points}</span>
            <span className={styles.reasonText}>{each.text}</span>
          </span>
        ))}
      </span>
      {more_reasons > 0 && <span className={styles.more}>{words.more(more_reasons)}</span>}
    </span>
  );
}
