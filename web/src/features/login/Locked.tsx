import { useEffect, useEffectEvent, useState } from "react";

import { useWords } from "../../i18n/words";
import { problemWords } from "../../ui/problems/words";
import styles from "./LoginPage.module.css";
import { loginWords } from "./words";

/** Too many attempts: when the next one is allowed, counted down. `onOver` is called at the end. */
export function Locked({ until, onOver }: { until: number; onOver: () => void }) {
  const { locked } = useWords(loginWords);
  const { wait } = useWords(problemWords);
  const [left, setLeft] = useState(() => secondsTo(until));
  // Said once: a screen reader would read each second.
  const [atFirst] = useState(left);
  const over = useEffectEvent(onOver);

  useEffect(() => {
    const timer = setInterval(() => {
      const seconds = secondsTo(until);
      setLeft(seconds);
      if (seconds === 0) over();
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, [until]);

  return (
    <div className={styles.locked}>
      <div role="alert">
        <p className={styles.lockedTitle}>{locked.title}</p>
        <p>{locked.text(wait(atFirst))}</p>
      </div>
      <p aria-hidden="true" className={styles.clock}>
        {locked.remaining(clockOf(left))}
      </p>
    </div>
  );
}

const secondsTo = (moment: number): number => Math.max(0, Math.ceil((moment - Date.now()) / 1_000));

/** Seconds as minutes and seconds: 14:59. */
export const clockOf = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
