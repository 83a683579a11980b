import { useSyncExternalStore } from "react";

const STEP_MS = 15_000;

let now = new Date();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(onChange: () => void): () => void {
  listeners.add(onChange);
  timer ??= setInterval(() => {
    now = new Date();
    for (const notify of listeners) notify();
  }, STEP_MS);
  return () => {
    listeners.delete(onChange);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Return the time, at most 15 seconds old while it is shown. One timer serves all. */
export function useNow(): Date {
  return useSyncExternalStore(watch, () => {
    if (timer === undefined && Date.now() - now.getTime() > STEP_MS) now = new Date();
    return now;
  });
}
