import type { GatewayStats } from "../../api/types";
import { formatDateTime, formatTime } from "../../ui/format/time";
import type { ChartColumn, Series } from "../../ui/charts/series";
import type { Words } from "./words";

const HOUR_MS = 3_600_000;
const HOURS = 24;

/** The last 24 hours as columns of a chart. The API leaves out hours without a webhook: they are zero. */
export function hourly({ chart }: Words, { hours }: GatewayStats, now = new Date()): { columns: ChartColumn[]; series: Series[]; total: number } {
  const last = Math.floor(now.getTime() / HOUR_MS);
  const slots = Array.from({ length: HOURS }, (_, index) => last - HOURS + 1 + index);
  const byHour = new Map(hours.map(({ hour, counts }) => [Math.floor(Date.parse(hour) / HOUR_MS), counts]));
  const values = (pick: (counts: GatewayStats["hours"][number]["counts"]) => number) =>
    slots.map((slot) => {
      const counts = byHour.get(slot);
      return counts === undefined ? 0 : pick(counts);
    });
  const series: Series[] = [
    { id: "accepted", name: chart.accepted, tone: "good", values: values(({ accepted }) => accepted) },
    {
      id: "repeated",
      name: chart.repeated,
      tone: "plain",
      values: values(({ already_reported, ignored, duplicate }) => already_reported + ignored + duplicate),
    },
    { id: "aside", name: chart.aside, tone: "warn", values: values(({ quarantined, conflict }) => quarantined + conflict) },
    { id: "refused", name: chart.refused, tone: "bad", values: values(({ rejected }) => rejected) },
  ];
  const columns = slots.map((slot) => {
    const iso = new Date(slot * HOUR_MS).toISOString();
    return { id: iso, name: formatDateTime(iso), short: formatTime(iso, new Date(iso)).slice(0, 5) };
  });
  return { columns, series, total: series.reduce((sum, each) => each.values.reduce((part: number, value) => part + (value ?? 0), sum), 0) };
}
