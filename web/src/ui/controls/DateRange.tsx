import { useState } from "react";

import { useWords } from "../../i18n/words";
import { currentZone } from "../../i18n/zone";
import { formatDay } from "../format/time";
import { uiWords } from "../words";
import styles from "./DateRange.module.css";
import { daysOf, isPreset, parseRange, type Preset, PRESETS, type Range } from "./range";
import selectStyles from "./Select.module.css";

interface Props {
  value: Range;
  onChange: (range: Range) => void;
  /** The named ranges to choose from: all, unless given. */
  presets?: readonly Preset[];
}

/** A choice of a named range or of days, in the user's time zone, which is named beside it. */
export function DateRange({ value, onChange, presets = PRESETS }: Props) {
  const words = useWords(uiWords);
  const zone = currentZone();
  const isCustom = !isPreset(value);

  return (
    <span className={styles.range}>
      <select
        aria-label={words.range}
        className={selectStyles.select}
        value={isCustom ? "custom" : value}
        onChange={({ target }) => {
          if (isPreset(target.value)) onChange(target.value);
          else onChange(daysOf(value, zone).join("..") as Range);
        }}
      >
        {presets.map((preset) => (
          <option key={preset} value={preset}>
            {words.presets[preset]}
          </option>
        ))}
        <option value="custom">{words.custom}</option>
      </select>
      {isCustom && <Days days={daysOf(value, zone)} onChange={onChange} />}
      <span className={styles.zone}>{words.zone(zone.split("/").at(-1)?.replaceAll("_", " ") ?? zone)}</span>
    </span>
  );
}

/** A range in words: its name, or its first and last day. */
export function useRangeText(): (range: Range) => string {
  const { presets } = useWords(uiWords);
  return (range) => (isPreset(range) ? presets[range] : daysOf(range, currentZone()).map(formatDay).join(" – "));
}

/** Two date inputs. Half-typed dates and a last day before the first are not passed on. */
function Days({ days, onChange }: { days: [string, string]; onChange: (range: Range) => void }) {
  const words = useWords(uiWords);
  const [[first, last], setDays] = useState(days);
  const [given, setGiven] = useState(days.join(".."));
  if (given !== days.join("..")) {
    // Another range was chosen elsewhere, such as by the back button.
    setGiven(days.join(".."));
    setDays(days);
  }

  function change(next: [string, string]) {
    setDays(next);
    const range = parseRange(next.join(".."));
    if (range !== undefined) onChange(range);
  }

  return (
    <span className={styles.days}>
      <input
        type="date"
        aria-label={words.from}
        className={selectStyles.select}
        value={first}
        max={last}
        onChange={({ target }) => {
          change([target.value, last]);
        }}
      />
      <span aria-hidden="true">–</span>
      <input
        type="date"
        aria-label={words.until}
        className={selectStyles.select}
        value={last}
        min={first}
        onChange={({ target }) => {
          change([first, target.value]);
        }}
      />
    </span>
  );
}
