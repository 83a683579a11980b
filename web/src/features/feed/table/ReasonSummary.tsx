import { reasonLabel } from "../../../subjects/detections/labels";
import { Icon } from "../../../ui/display/Icon";
import styles from "./FeedTable.module.css";

const MAX_SHOWN = 2;

/** The first reasons of a decision; the others on hover and for screen readers. */
export function ReasonSummary({ codes, degraded }: { codes: readonly string[]; degraded: boolean }) {
  const reasons = codes.map(reasonLabel);
  const others = reasons.slice(MAX_SHOWN);

  return (
    <span className={styles.reasonSummary} title={reasons.join("\n")}>
      {degraded && (
        <span className={styles.degraded}>
          <Icon name="alert" size={12} />
          Degraded
        </span>
      )}
      <span className={styles.reasonTexts}>
        {reasons.slice(0, MAX_SHOWN).map((reason) => (
          <span key={reason}>{reason}</span>
        ))}
      </span>
      {others.length > 0 && (
        <span className={styles.more}>
          +{others.length}
          <span className="visually-hidden">: {others.join(", ")}</span>
        </span>
      )}
    </span>
  );
}
