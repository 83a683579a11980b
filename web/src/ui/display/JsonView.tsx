import { useWords } from "../../i18n/words";
import { uiWords } from "../words";
import styles from "./JsonView.module.css";

/** What is nested deeper is folded at first. */
const OPEN_DEPTH = 2;
const MOST_OPEN = 30;

/** A JSON value, with objects and lists that fold. */
export function JsonView({ label, value }: { label: string; value: unknown }) {
  return (
    // It scrolls sideways, so keyboard users must be able to focus it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div role="region" aria-label={label} tabIndex={0} className={styles.json}>
      <Value name={null} value={value} depth={0} />
    </div>
  );
}

function Value({ name, value, depth }: { name: string | null; value: unknown; depth: number }) {
  const words = useWords(uiWords);
  const key = name !== null && <span className={styles.name}>{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div className={styles.line}>
        {key}
        <span className={styles.scalar} data-type={value === null ? "null" : typeof value}>
          {JSON.stringify(value)}
        </span>
      </div>
    );
  }
  const entries: [string, unknown][] = Object.entries(value);
  const brackets = Array.isArray(value) ? "[]" : "{}";
  if (entries.length === 0) {
    return (
      <div className={styles.line}>
        {key}
        {brackets}
      </div>
    );
  }
  return (
    <details open={depth < OPEN_DEPTH && entries.length <= MOST_OPEN}>
      <summary className={styles.line}>
        {key}
        <span className={styles.count}>
          {brackets[0]} {words.entries(entries.length)} {brackets[1]}
        </span>
      </summary>
      <div className={styles.nested}>
        {entries.map(([entry, nested]) => (
          <Value key={entry} name={entry} value={nested} depth={depth + 1} />
        ))}
      </div>
    </details>
  );
}
