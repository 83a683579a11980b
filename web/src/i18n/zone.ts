import { useSyncExternalStore } from "react";

const STORAGE_KEY = "orylo.zone";

let isKnown = localStorage.getItem(STORAGE_KEY) !== null;
let zone = localStorage.getItem(STORAGE_KEY) ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
const listeners = new Set<() => void>();

/** The time zone in which times are shown: the user's, else the shop's, else the browser's until the preferences are loaded. */
export const currentZone = (): string => zone;

/** Show times in a zone from now on, also in the next visit of this browser until the preferences are loaded. */
export function setZone(next: string): void {
  localStorage.setItem(STORAGE_KEY, next);
  if (isKnown && next === zone) return;
  isKnown = true;
  zone = next;
  for (const notify of listeners) notify();
}

/** Return the time zone, and render again when it changes. */
export function useZone(): string {
  return useSyncExternalStore(watch, currentZone);
}

/** Return whether the zone is that of the preferences, of now or of an earlier visit. */
export function useIsZoneKnown(): boolean {
  return useSyncExternalStore(watch, () => isKnown);
}

function watch(onChange: () => void): () => void {
  listeners.add(onChange);
  return () => {
    listeners.delete(onChange);
  };
}
