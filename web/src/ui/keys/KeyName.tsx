import { Fragment } from "react";

import styles from "./KeyName.module.css";
import { keysOf } from "./keyText";

/** A key as it is written on the keyboard: `Mod+k` as Ctrl K, `g p` as G then P. */
export function KeyName({ name, then }: { name: string; then: string }) {
  return (
    <span className={styles.keys}>
      {name.split(" ").map((part, index) => (
        <Fragment key={part}>
          {index > 0 && <span className={styles.then}>{then}</span>}
          {keysOf(part).map((key) => (
            <kbd key={key} className={styles.key}>
              {key}
            </kbd>
          ))}
        </Fragment>
      ))}
    </span>
  );
}
