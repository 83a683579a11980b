import { useWords } from "../../../i18n/words";
import { formatCount, formatPercent } from "../../../ui/format/number";
import { overviewWords } from "../words";
import styles from "./Cards.module.css";

/** A growth as an arrow and a ratio, in words for screen readers. Nothing if it is not known or too small to show. */
export function Growth({ ratio }: { ratio: number | null }) {
  const words = useWords(overviewWords);
  const text = formatPercent(Math.abs(ratio ?? 0));

  if (ratio === null || text === formatPercent(0)) return null;
  return <Arrow up={ratio > 0} text={text} spoken={ratio > 0 ? words.grown(text) : words.shrunk(text)} />;
}

/** A difference in percentage points, as `Growth` shows one. */
export function PointChange({ points }: { points: number | null }) {
  const words = useWords(overviewWords);

  if (points === null || points === 0) return null;
  const text = words.points(formatCount(Math.abs(points)));
  return <Arrow up={points > 0} text={text} spoken={points > 0 ? words.grown(text) : words.shrunk(text)} />;
}

function Arrow({ up, text, spoken }: { up: boolean; text: string; spoken: string }) {
  return (
    <span className={styles.change}>
      <span aria-hidden="true">
        {up ? "▲" : "▼"} {text}
      </span>
      <span className="visually-hidden">{spoken}</span>
    </span>
  );
}
