import type { ScoreLedger } from "../../api/types";
import { useWords } from "../../i18n/words";
import { trustCauseLabel } from "../../subjects/customers/labels";
import { customerWords } from "../../subjects/customers/words";
import { formatDateTime } from "../../ui/format/time";
import styles from "./ScoreChart.module.css";
import { pageWords } from "./words";

const WIDTH = 560;
const HEIGHT = 140;
const LEFT = 28;
const TOP = 8;

const yOf = (score: number): number => TOP + (1 - score / 100) * (HEIGHT - 2 * TOP);

/** The trust score over its changes: a step line from 0 to 100 with a point for each change. The table below has the same. */
export function ScoreChart({ ledger: { items, start, trust_score } }: { ledger: ScoreLedger }) {
  const words = useWords(pageWords).trust;
  const causes = useWords(customerWords);
  const entries = items.toReversed();
  const step = (WIDTH - LEFT - 12) / Math.max(1, entries.length);
  const xOf = (index: number) => LEFT + index * step;
  const first = entries[0]?.score_before ?? start;
  const line = entries.reduce(
    (path, { score_after }, index) => `${path}H${xOf(index + 1)}V${yOf(score_after)}`,
    `M${xOf(0)} ${yOf(first)}`,
  );

  return (
    <svg role="img" aria-label={words.chart(entries.length, start, trust_score)} className={styles.chart} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      {[0, 50, 100].map((score) => (
        <g key={score} className={styles.grid}>
          <line x1={LEFT} x2={WIDTH} y1={yOf(score)} y2={yOf(score)} />
          <text x={LEFT - 6} y={yOf(score) + 4}>
            {score}
          </text>
        </g>
      ))}
      <path d={`${line}H${WIDTH - 4}`} className={styles.line} />
      {entries.map(({ version, cause, points, score_after, occurred_at }, index) => (
        <circle key={version} cx={xOf(index + 1)} cy={yOf(score_after)} r="4" data-tone={points < 0 ? "bad" : "good"}>
          <title>{`${trustCauseLabel(causes, cause)} ${points > 0 ? "+" : ""}${points} → ${score_after} · ${formatDateTime(occurred_at)}`}</title>
        </circle>
      ))}
    </svg>
  );
}
