import { currentLocale } from "../../i18n/language";
import { currentZone } from "../../i18n/zone";
import { cachedBy } from "./cache";

const formatter = (options: Intl.DateTimeFormatOptions) =>
  cachedBy((locale: string, timeZone: string) => new Intl.DateTimeFormat(locale, { ...options, timeZone }));

const TIME = formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const HOUR = formatter({ hour: "2-digit", minute: "2-digit", hour12: false });
const DATE = formatter({ day: "numeric", month: "short" });
const DATE_TIME = formatter({ dateStyle: "medium", timeStyle: "medium" });
const DAY = formatter({ year: "numeric", month: "numeric", day: "numeric" });
const CALENDAR_DAY = formatter({ dateStyle: "medium" });
const RELATIVE = cachedBy((locale: string) => new Intl.RelativeTimeFormat(locale, { style: "short", numeric: "auto" }));

const inZone = (format: ReturnType<typeof formatter>, moment: Date) => format(currentLocale(), currentZone()).format(moment);

/** Format as time of day, preceded by the date unless it is today. */
export function formatTime(iso: string, now: Date = new Date()): string {
  const moment = new Date(iso);
  const time = inZone(TIME, moment);
  return inZone(DAY, moment) === inZone(DAY, now) ? time : `${inZone(DATE, moment)} ${time}`;
}

export function formatDateTime(iso: string): string {
  return inZone(DATE_TIME, new Date(iso));
}

/** Format as hour and minute, such as "14:05". */
export function formatHour(iso: string): string {
  return inZone(HOUR, new Date(iso));
}

/** Format as a date without the year, such as "28 Nov". */
export function formatDate(iso: string): string {
  return inZone(DATE, new Date(iso));
}

/** Format a calendar day, such as "2026-11-28", with its year. */
export function formatDay(day: string): string {
  return CALENDAR_DAY(currentLocale(), "UTC").format(new Date(day));
}

/** Format relative to now if less than an hour away, such as "2 min. ago", else as `formatTime` does. */
export function formatRelative(iso: string, now: Date = new Date()): string {
  const seconds = Math.round((new Date(iso).getTime() - now.getTime()) / 1000);
  if (Math.abs(seconds) >= 3600) return formatTime(iso, now);
  const [value, unit] = Math.abs(seconds) < 60 ? ([seconds, "second"] as const) : ([Math.trunc(seconds / 60), "minute"] as const);
  return RELATIVE(currentLocale()).format(value, unit);
}

/** Format microseconds as milliseconds, with two decimals below 10 ms. */
export function formatDuration(microseconds: number): string {
  const milliseconds = microseconds / 1000;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`;
}
