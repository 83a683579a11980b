import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Overview, TimeSeries } from "../../../api/types";
import { currentZone } from "../../../i18n/zone";
import { usePollingUnlessLive } from "../../../stream/useStream";
import { type Range, rangeParameters } from "../../../ui/controls/range";

/** The first word of the keys of all queries below. Conversions that the stream reports change them. */
export const FIGURES_KEY = "conversion-figures";
const DAY_MS = 86_400_000;
/** Those that are not kept back, by what became of them. The match rate is a share of these. */
const DUE = ["conversions_dispatched", "conversions_pending", "conversions_failed"];

export function useFigures(range: Range) {
  const timezone = currentZone();
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: [FIGURES_KEY, "period", range, timezone],
    queryFn: async ({ signal }) => {
      const overview = await get<Overview>("/api/v1/overview", { ...rangeParameters(range, timezone), timezone }, signal);
      return overview.period;
    },
    placeholderData: keepPreviousData,
  });
}

/** The conversions over time by how they were matched, of all gateways or of one. */
function byMethod(range: Range, gateway?: string) {
  const timezone = currentZone();
  return {
    queryKey: [FIGURES_KEY, "methods", range, timezone, gateway],
    queryFn: ({ signal }: { signal: AbortSignal }) => {
      const interval = rangeParameters(range, timezone);
      const days = (Date.parse(interval.to) - Date.parse(interval.from)) / DAY_MS;
      const granularity = days <= 2 ? "hour" : "day";
      const parameters = { ...interval, timezone, granularity, metrics: DUE.join(), split: "match_method", gateway };
      return get<TimeSeries>("/api/v1/timeseries", parameters, signal);
    },
  };
}

export function useMethods(range: Range) {
  return useQuery({ ...usePollingUnlessLive(), ...byMethod(range), placeholderData: keepPreviousData });
}

/** What the gateways' conversions have in common. */
export function useGateways(range: Range) {
  const timezone = currentZone();
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: [FIGURES_KEY, "gateways", range, timezone],
    queryFn: ({ signal }) => {
      const parameters = { ...rangeParameters(range, timezone), timezone, granularity: "day", metrics: DUE.join(), split: "gateway" };
      return get<TimeSeries>("/api/v1/timeseries", parameters, signal);
    },
    placeholderData: keepPreviousData,
  });
}

export function useMethodsOf(range: Range, gateways: readonly string[]) {
  const polling = usePollingUnlessLive();
  return useQueries({ queries: gateways.map((gateway) => ({ ...polling, ...byMethod(range, gateway) })) });
}

/** The conversions of one line that are not kept back, for each point. */
export function dueOf(series: TimeSeries, value: string): number[] {
  const metrics = series.lines.find((line) => line.value === value)?.metrics;
  return series.at.map((_, index) => sum(DUE.map((metric) => metrics?.[metric]?.[index] ?? 0)));
}

/** The sum of a metric of one line over all points. */
export function sumOf(series: TimeSeries, value: string, metric: string): number {
  return sum(series.lines.find((line) => line.value === value)?.metrics[metric] ?? []);
}

export const sum = (values: readonly (number | null)[]): number => values.reduce<number>((all, value) => all + (value ?? 0), 0);
