import type { DetectorScore } from "../../api/types";
import { Meter } from "../../ui/display/Meter";
import { formatDuration } from "../../ui/format/time";
import { Entry, EntryList } from "../../ui/panel/EntryList";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Warning } from "../../ui/states/Warning";
import { detectorName, reasonLabel } from "./labels";

interface Props {
  detectors: readonly DetectorScore[];
  /** Detectors that timed out or failed. */
  degraded: readonly string[];
}

export function DetectorList({ detectors, degraded }: Props) {
  return (
    <Section title="Detectors">
      {degraded.length > 0 && (
        <Warning>Decided without {degraded.map(detectorName).join(", ")}: timed out or failed.</Warning>
      )}
      {detectors.length === 0 && <Empty text="No detector ran." />}
      <EntryList>
        {detectors.map(({ name, score, reasons, duration_us }) => (
          <Entry
            key={name}
            title={detectorName(name)}
            value={<Meter score={score} tone={toneOf(score)} />}
            time={formatDuration(duration_us)}
            note={reasons.length > 0 ? reasons.map(reasonLabel).join(" · ") : undefined}
          />
        ))}
      </EntryList>
    </Section>
  );
}

function toneOf(score: number): "plain" | "warn" | "bad" {
  if (score >= 80) return "bad";
  return score >= 40 ? "warn" : "plain";
}
