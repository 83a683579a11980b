import type { Detection, DetectorScore } from "../../api/types";
import { Meter } from "../../ui/display/Meter";
import { formatDuration } from "../../ui/format/time";
import { Entry, EntryList } from "../../ui/panel/EntryList";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Warning } from "../../ui/states/Warning";
import { detectorName, formatPoints, reasonLabel } from "./labels";

/** What each detector contributed to the risk. Earlier decisions have no points and show the detectors' scores. */
export function DetectorList({ detection: { detectors, degraded, points, reasons, rules } }: { detection: Detection }) {
  const hasPoints = points.length > 0 || reasons.length === 0;

  return (
    <Section title="Detectors">
      {degraded.length > 0 && (
        <Warning>Decided without {degraded.map(detectorName).join(", ")}: timed out or failed.</Warning>
      )}
      {detectors.length === 0 && <Empty text="No detector ran." />}
      <EntryList>
        {detectors.map((detector) => (
          <Entry
            key={detector.name}
            title={detectorName(detector.name)}
            value={
              hasPoints ? formatPoints(pointsOf(detector)) : <Meter score={detector.score} tone={toneOf(detector.score)} />
            }
            time={formatDuration(detector.duration_us)}
            note={hasPoints && detector.score > 0 ? `Scored ${detector.score} of 100 on its own` : undefined}
            detail={remarksOf(detector)}
          />
        ))}
      </EntryList>
    </Section>
  );

  function pointsOf({ name }: DetectorScore): number {
    return points.filter((each) => each.detector === name).reduce((sum, each) => sum + each.points, 0);
  }

  /** What the detector noted that is not a reason of the decision, and so is not listed with the reasons. */
  function remarksOf(detector: DetectorScore): string | undefined {
    const remarks = detector.reasons.filter((code) => !reasons.includes(code));
    return remarks.length > 0 ? remarks.map((code) => reasonLabel(code, rules)).join(" · ") : undefined;
  }
}

function toneOf(score: number): "plain" | "warn" | "bad" {
  if (score >= 80) return "bad";
  return score >= 40 ? "warn" : "plain";
}
