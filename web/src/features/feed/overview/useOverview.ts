import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Overview } from "../../../api/types";
import { useLiveEvents, usePollingUnlessLive } from "../../../stream/useStream";
import { updateOverview } from "./updateOverview";

const KEY = ["overview"];
const UPDATE_INTERVAL_MS = 200;

export type Period = "today" | "last_24h" | "last_7d";

export function useOverview(period: Period) {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();

  useLiveEvents((events) => {
    for (const event of events) {
      if (event.type !== "overview.updated") continue;
      queries.setQueriesData<Overview>({ queryKey: KEY }, (overview) => overview && updateOverview(overview, event.data));
    }
  }, UPDATE_INTERVAL_MS);

  const range = period === "last_7d" ? "7d" : "24h";
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return useQuery({
    ...polling,
    queryKey: [...KEY, range, timezone],
    queryFn: ({ signal }) => get<Overview>("/api/v1/overview", { range, timezone }, signal),
    placeholderData: keepPreviousData,
  });
}
