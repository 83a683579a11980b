import type { TimeSeries } from "../../api/types";

/** A series by day without lines, unless given. */
export function timeSeries(at: string[] = [], lines: TimeSeries["lines"] = []): TimeSeries {
  const ends = { starts_at: "2026-11-20T00:00:00Z", ends_at: "2026-11-21T00:00:00Z" };
  return { timezone: "UTC", granularity: "day", ...ends, at, lines, lines_left_out: 0 };
}
