import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Overview, OverviewUpdate } from "../../../api/types";
import { currentZone } from "../../../i18n/zone";
import { useLiveEvents, usePollingUnlessLive } from "../../../stream/useStream";
import { type Range, rangeParameters } from "../../../ui/controls/range";
import type { OverviewAddress } from "../address";
import { comparisonOf } from "./comparison";

/** Figures move at most this often. */
const UPDATE_INTERVAL_MS = 2_000;
/** What the stream does not bring is read again at most this often. */
const REFRESH_AFTER_MS = 60_000;

/** Ranges that end now, which new payments change. */
const isRunning = (range: Range) => range !== "yesterday" && !range.includes("..");

/** The figures of a period. Of today's they come with the stream; of others they are read again while it reports news. */
export function useOverview({ range, compares }: OverviewAddress) {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();
  const timezone = currentZone();
  const key = ["overview", range, compares, timezone];

  useLiveEvents((events) => {
    const updates = events.flatMap((event) => (event.type === "overview.updated" ? [event.data] : []));
    if (updates.length === 0 || !isRunning(range)) return;
    if (range === "today") queries.setQueryData<Overview>(key, (shown) => shown && updates.reduce(withUpdate, shown));
    // The charts, and figures that the update does not have.
    const stale = (updatedAt: number) => Date.now() - updatedAt > REFRESH_AFTER_MS;
    void queries.invalidateQueries({
      predicate: ({ queryKey, state }) =>
        (queryKey[0] === "overview" || queryKey[0] === "overview-charts") && stale(state.dataUpdatedAt),
    });
  }, UPDATE_INTERVAL_MS);

  return useQuery({
    ...polling,
    queryKey: key,
    queryFn: ({ signal }) => {
      const compare = compares ? comparisonOf(range) : undefined;
      return get<Overview>("/api/v1/overview", { ...rangeParameters(range, timezone), timezone, compare }, signal);
    },
    placeholderData: keepPreviousData,
  });
}

/** Apply an update to today's figures, unless they are newer or of another day. */
export function withUpdate(shown: Overview, { generated_at, period }: OverviewUpdate): Overview {
  if (generated_at <= shown.generated_at || Date.parse(period.starts_at) !== Date.parse(shown.period.starts_at)) return shown;
  return { ...shown, generated_at, period };
}
