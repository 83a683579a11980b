import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { HealthSummary } from "../../api/types";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";

const KEY = ["health-summary"];
/** No event of the stream says that the health has changed. Where others arrive, it is read again this often. */
const REFRESH_INTERVAL_MS = 30_000;

export function useHealthSummary() {
  const queries = useQueryClient();

  useLiveEvents((events) => {
    if (events.some(({ type }) => type !== "gap")) void queries.invalidateQueries({ queryKey: KEY });
  }, REFRESH_INTERVAL_MS);

  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: KEY,
    queryFn: ({ signal }) => get<HealthSummary>("/api/v1/health/summary", {}, signal),
  });
}
