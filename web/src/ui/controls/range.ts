/** The named ranges, by the time they reach back. */
export const PRESETS = ["hour", "today", "yesterday", "24h", "7d", "30d", "month"] as const;
export type Preset = (typeof PRESETS)[number];

/** A named range, or days from the first to the last, such as `2026-11-01..2026-11-20`. This is how it stands in addresses. */
export type Range = Preset | `${string}..${string}`;

/** What the API takes: the half-open interval from `from` to `to`, ISO 8601. */
export interface RangeParameters extends Record<string, string> {
  from: string;
  to: string;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export const isPreset = (range: string): range is Preset => (PRESETS as readonly string[]).includes(range);

/** Read a range of an address. Undefined if it is none. */
export function parseRange(text: string | null): Range | undefined {
  if (text === null) return undefined;
  if (isPreset(text)) return text;
  const [first = "", last = "", ...rest] = text.split("..");
  return rest.length === 0 && isDay(first) && isDay(last) && first <= last ? `${first}..${last}` : undefined;
}

/** The first and the last day of a range in a time zone, as date inputs have them. */
export function daysOf(range: Range, zone: string, now: Date = new Date()): [string, string] {
  if (!isPreset(range)) return range.split("..") as [string, string];
  const { from, to } = rangeParameters(range, zone, now);
  return [dayIn(zone, new Date(from)), dayIn(zone, new Date(Date.parse(to) - 1))];
}

/** The interval of a range, whose days begin at midnight in a time zone. A range that goes on ends now. */
export function rangeParameters(range: Range, zone: string, now: Date = new Date()): RangeParameters {
  const today = dayIn(zone, now);
  const interval = (from: Date, to: Date): RangeParameters => ({ from: from.toISOString(), to: to.toISOString() });
  const last = (milliseconds: number) => interval(new Date(now.getTime() - milliseconds), now);
  switch (range) {
    case "hour":
      return last(HOUR_MS);
    case "24h":
      return last(DAY_MS);
    case "7d":
      return last(7 * DAY_MS);
    case "30d":
      return last(30 * DAY_MS);
    case "today":
      return interval(startOf(today, zone), now);
    case "yesterday":
      return interval(startOf(nextDay(today, -1), zone), startOf(today, zone));
    case "month":
      return interval(startOf(`${today.slice(0, 8)}01`, zone), now);
  }
  const [first, final] = range.split("..") as [string, string];
  return interval(startOf(first, zone), startOf(nextDay(final, 1), zone));
}

const isDay = (text: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

const nextDay = (day: string, days: number) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);

/** The calendar day of a moment in a time zone. */
export function dayIn(zone: string, moment: Date): string {
  return new Date(moment.getTime() + offset(zone, moment)).toISOString().slice(0, 10);
}

/** The moment at which a day begins in a time zone. */
function startOf(day: string, zone: string): Date {
  const asUtc = Date.parse(day);
  const guess = new Date(asUtc - offset(zone, new Date(asUtc)));
  // The clocks may have changed between midnight in UTC and midnight in the zone.
  return new Date(asUtc - offset(zone, guess));
}

/** How far the clocks of a time zone are ahead of UTC at a moment, in milliseconds. */
function offset(timeZone: string, moment: Date): number {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(moment);
  const at = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second"));
  return local - Math.floor(moment.getTime() / 1000) * 1000;
}
