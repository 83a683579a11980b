import type { Overview, OverviewUpdate } from "../../../api/types";

/** Apply what the stream reported to a fetched overview, unless that is newer. Its series must have a point an hour. */
export function updateOverview(overview: Overview, update: OverviewUpdate): Overview {
  const { hour, generated_at, period, today, last_24h, last_7d, open_dead_letters } = update;
  if (generated_at < overview.generated_at) return overview;
  const { points } = overview.series;
  const earlier = points.filter(({ at }) => at < hour.at);
  // A new hour displaces the oldest.
  const series = { ...overview.series, points: [...earlier, hour].slice(-points.length) };
  return { ...overview, generated_at, period, today, last_24h, last_7d, open_dead_letters, series };
}
