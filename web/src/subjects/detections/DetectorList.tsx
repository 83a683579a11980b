import type { Detection, DetectorScore } from "../../api/types";
import { listed } from "../../i18n/list";
import { useWords } from "../../i18n/words";
import { Meter } from "../../ui/display/Meter";
import { formatDuration } from "../../ui/format/time";
import { Entry, EntryList } from "../../ui/panel/EntryList";
import { Empty } from "../../ui/states/Empty";
import { Warning } from "../../ui/states/Warning";
import { detectorName, formatPoints, reasonLabel } from "./labels";
import { detectionWords } from "./words";

/** What each detector contributed to the risk. Earlier decisions have no points and show the detectors' scores. */
export function DetectorList({ detection: { detectors, degraded, points, reasons, rules } }: { detection: Detection }) {
  const words = useWords(detectionWords);
  const hasPoints = points.length > 0 || reasons.length === 0;

  return (
    <>
      {degraded.length > 0 && (
        <Warning>{words.decidedWithout(listed(degraded.map((name) => detectorName(words, name))))}</Warning>
      )}
      {detectors.length === 0 && <Empty text={words.noDetector} />}
      <EntryList>
        {detectors.map((detector) => (
          <Entry
            key={detector.name}
            title={detectorName(words, detector.name)}
            value={
              hasPoints ? formatPoints(pointsOf(detector)) : <Meter score={detector.score} tone={toneOf(detector.score)} />
            }
            time={formatDuration(detector.duration_us)}
            note={hasPoints && detector.score > 0 ? words.onItsOwn(detector.score) : undefined}
            detail={remarksOf(detector)}
          />
        ))}
      </EntryList>
    </>
  );

  function pointsOf({ name }: DetectorScore): number {
    return points.filter((each) => each.detector === name).reduce((sum, each) => sum + each.points, 0);
  }

  /** What the detector noted that is not a reason of the decision, and so is not listed with the reasons. */
  function remarksOf(detector: DetectorScore): string | undefined {
    const remarks = detector.reasons.filter((code) => !reasons.includes(code));
    return remarks.length > 0 ? remarks.map((code) => reasonLabel(words, code, rules)).join(" · ") : undefined;
  }
}

function toneOf(score: number): "plain" | "warn" | "bad" {
  if (score >= 80) return "bad";
  return score >= 40 ? "warn" : "plain";
}
