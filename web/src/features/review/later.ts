const HOUR_MS = 3_600_000;

export type Later = "hour" | "tomorrow" | "week";

/** Until when a case is put off. */
export function laterTime(later: Later, now = new Date()): Date {
  const hours = { hour: 1, tomorrow: 24, week: 7 * 24 }[later];
  return new Date(now.getTime() + hours * HOUR_MS);
}
