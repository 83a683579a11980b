import { useSyncExternalStore } from "react";

/** Phone: a bar at the bottom. Narrow: a rail of icons. Wide: a rail that folds. */
export type Width = "phone" | "narrow" | "wide";

const PHONE = "(max-width: 719.98px)";
const NARROW = "(max-width: 959.98px)";

export const useWidth = (): Width => useSyncExternalStore(watch, current);

function current(): Width {
  if (window.matchMedia(PHONE).matches) return "phone";
  return window.matchMedia(NARROW).matches ? "narrow" : "wide";
}

function watch(onChange: () => void): () => void {
  const lists = [window.matchMedia(PHONE), window.matchMedia(NARROW)];
  for (const list of lists) list.addEventListener("change", onChange);
  return () => {
    for (const list of lists) list.removeEventListener("change", onChange);
  };
}
