import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Funnel, TimeSeries } from "../../../api/types";
import { currentZone } from "../../../i18n/zone";
import { usePollingUnlessLive } from "../../../stream/useStream";
import { type Range, rangeParameters } from "../../../ui/controls/range";

const HOUR_MS = 3_600_000;
const METRICS = "succeeded,conversions_dispatched,stopped,match_rate";

/** Minutes for up to an hour and a half, hours for up to three days, then days: a chart has at most 400 points. */
export function granularityOf(from: string, to: string): TimeSeries["granularity"] {
  const hours = (Date.parse(to) - Date.parse(from)) / HOUR_MS;
  if (hours <= 1.5) return "minute";
  return hours <= 72 ? "hour" : "day";
}

function useSeries(range: Range, metrics: string, split?: "decision") {
  const polling = usePollingUnlessLive();
  const timezone = currentZone();
  return useQuery({
    ...polling,
    queryKey: ["overview-charts", metrics, split, range, timezone],
    queryFn: ({ signal }) => {
      const interval = rangeParameters(range, timezone);
      const granularity = granularityOf(interval.from, interval.to);
      return get<TimeSeries>("/api/v1/timeseries", { ...interval, timezone, granularity, metrics, split }, signal);
    },
    placeholderData: keepPreviousData,
  });
}

/** What the cards show over time. */
export const useFigureSeries = (range: Range) => useSeries(range, METRICS);

/** The payments over time, by their current decision. */
export const useDecisionSeries = (range: Range) => useSeries(range, "payments", "decision");

export function useFunnel(range: Range) {
  const polling = usePollingUnlessLive();
  const timezone = currentZone();
  return useQuery({
    ...polling,
    queryKey: ["overview-charts", "funnel", range, timezone],
    queryFn: ({ signal }) => get<Funnel>("/api/v1/funnel", { ...rangeParameters(range, timezone), timezone }, signal),
    placeholderData: keepPreviousData,
  });
}
