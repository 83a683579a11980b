import type { DetectorScore } from "../../api/types";
import { Icon } from "../../ui/display/Icon";
import { Meter } from "../../ui/display/Meter";
import { formatDuration } from "../../ui/format/time";
import { detectorName, reasonInWords } from "../../ui/words";
import styles from "../../ui/panel/Section.module.css";

interface Props {
  detectors: readonly DetectorScore[];
  degraded: readonly string[];
}

export function DetectorList({ detectors, degraded }: Props) {
  return (
    <section className={styles.section} aria-labelledby="details-detectors">
      <h3 id="details-detectors">Detectors</h3>
      {degraded.length > 0 && (
        <p className={styles.warning}>
          <Icon name="alert" />
          Decided without {degraded.map(detectorName).join(", ")}: late or failed.
        </p>
      )}
      {detectors.length === 0 && <p className={styles.none}>No detector was asked.</p>}
      <ul className={styles.entries}>
        {detectors.map(({ name, score, reasons, duration_us }) => (
          <li key={name} className={styles.detector}>
            <span className={styles.entryTitle}>{detectorName(name)}</span>
            <Meter score={score} tone={toneOf(score)} />
            <span className={styles.duration}>{formatDuration(duration_us)}</span>
            {reasons.length > 0 && <span className={styles.entryText}>{reasons.map(reasonInWords).join(" · ")}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function toneOf(score: number): "plain" | "warn" | "bad" {
  if (score >= 80) return "bad";
  return score >= 40 ? "warn" : "plain";
}
