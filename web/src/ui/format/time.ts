import { LOCALE } from "./locale";

const TIME = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const DATE = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const DATE_TIME = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });

/** Format as time of day, preceded by the date unless it is today. */
export function formatTime(iso: string, now: Date = new Date()): string {
  const moment = new Date(iso);
  const time = TIME.format(moment);
  return moment.toDateString() === now.toDateString() ? time : `${DATE.format(moment)} ${time}`;
}

export function formatDateTime(iso: string): string {
  return DATE_TIME.format(new Date(iso));
}

/** Format microseconds as milliseconds, with two decimals below 10 ms. */
export function formatDuration(microseconds: number): string {
  const milliseconds = microseconds / 1000;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`;
}
