import type { Overview, OverviewUpdate } from "../../../api/types";

/** Apply what the stream reported to a fetched overview, unless that is newer. Its series must have a point an hour. */
export function updateOverview(overview: Overview, { hour, ...figures }: OverviewUpdate): Overview {
  if (figures.generated_at < overview.generated_at) return overview;
  const { points } = overview.series;
  const earlier = points.filter(({ at }) => at < hour.at);
  // A new hour displaces the oldest.
  const series = { ...overview.series, points: [...earlier, hour].slice(-points.length) };
  return { ...overview, ...figures, series };
}
