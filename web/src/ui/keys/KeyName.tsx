import { Fragment } from "react";

import styles from "./KeyName.module.css";

// Mac keyboards have symbols on their keys.
const IS_MAC = navigator.userAgent.includes("Mac");
const NAMES: Readonly<Record<string, string>> = {
  Mod: IS_MAC ? "⌘" : "Ctrl",
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Enter: "⏎",
};

/** A key as it is written on the keyboard: `Mod+k` as Ctrl K, `g p` as g then p, `J` with its shift. */
export function KeyName({ name, then }: { name: string; then: string }) {
  return (
    <span className={styles.keys}>
      {name.split(" ").map((part, index) => (
        <Fragment key={part}>
          {index > 0 && <span className={styles.then}>{then}</span>}
          {part.split(/(?<=.)\+/).map((key) => (
            <kbd key={key} className={styles.key}>
              {written(key)}
            </kbd>
          ))}
        </Fragment>
      ))}
    </span>
  );
}

function written(key: string): string {
  const isCapital = key.length === 1 && key !== key.toLowerCase();
  return NAMES[key] ?? (isCapital ? `⇧${key.toLowerCase()}` : key);
}
