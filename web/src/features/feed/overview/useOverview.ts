import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Overview } from "../../../api/types";
import { useLiveEvents } from "../../../stream/useStream";

const KEY = ["overview"];
/** Events of the stream cause a refetch at most this often. */
const UPDATE_INTERVAL_MS = 2_000;

export type Period = "today" | "last_24h" | "last_7d";

export function useOverview(period: Period) {
  const queries = useQueryClient();

  // Without cancelRefetch: false, each event would restart a slow request and it would never finish.
  useLiveEvents(() => void queries.invalidateQueries({ queryKey: KEY }, { cancelRefetch: false }), UPDATE_INTERVAL_MS);

  const range = period === "last_7d" ? "7d" : "24h";
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return useQuery({
    queryKey: [...KEY, range, timezone],
    queryFn: ({ signal }) => get<Overview>("/api/v1/overview", { range, timezone }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}
