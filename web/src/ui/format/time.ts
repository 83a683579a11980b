import { LOCALE } from "./locale";

const CLOCK = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });

/** The time of day, with the day in front where it is not today. */
export function formatMoment(iso: string, now: Date = new Date()): string {
  const moment = new Date(iso);
  const clock = CLOCK.format(moment);
  return moment.toDateString() === now.toDateString() ? clock : `${DAY.format(moment)} ${clock}`;
}

export function formatFull(iso: string): string {
  return FULL.format(new Date(iso));
}

/** Microseconds as milliseconds, with as many places as tell something. */
export function formatDuration(microseconds: number): string {
  const milliseconds = microseconds / 1000;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`;
}
