import type { Detection } from "../../../api/types";
import { formatPoints, overrideLabel, reasonLabel } from "../../../subjects/detections/labels";
import { Icon } from "../../../ui/display/Icon";
import styles from "./FeedTable.module.css";

const MAX_SHOWN = 2;

/** The first reasons of a decision with their points; the others on hover and for screen readers. */
export function ReasonSummary({ detection: { reasons, points, override, rules, degraded } }: { detection: Detection }) {
  const shown = reasons.map((code, index) => {
    const own = points[index];
    const text = reasonLabel(code, rules, own?.figures);
    return { text, points: own === undefined ? "" : formatPoints(own.points) };
  });
  const texts = shown.map((reason) => `${reason.points} ${reason.text}`.trim());
  const others = texts.slice(MAX_SHOWN);

  return (
    <span className={styles.reasonSummary} title={texts.join("\n")}>
      {degraded.length > 0 && (
        <span className={styles.degraded}>
          <Icon name="alert" size={12} />
          Degraded
        </span>
      )}
      {override !== null && <span className={styles.override}>{overrideLabel(override)}</span>}
      <span className={styles.reasonTexts}>
        {shown.slice(0, MAX_SHOWN).map((reason) => (
          <span key={reason.text}>
            {reason.points && <span className={styles.points}>{reason.points}</span>}
            <span className={styles.reasonText}>{reason.text}</span>
          </span>
        ))}
      </span>
      {others.length > 0 && (
        <span className={styles.more}>
          +{others.length} more
          <span className="visually-hidden">: {others.join(", ")}</span>
        </span>
      )}
    </span>
  );
}
