import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Overview } from "../../../api/types";
import { useLiveEvents } from "../../../stream/useStream";

const KEY = ["overview"];
/** The numbers follow the stream, at most this often. */
const FOLLOW_MS = 2_000;

export type Period = "today" | "last_24h" | "last_7d";

export function useOverview(period: Period) {
  const queries = useQueryClient();

  // An attempt that takes long is waited for: begun anew by every event, it would never end.
  useLiveEvents(() => void queries.invalidateQueries({ queryKey: KEY }, { cancelRefetch: false }), FOLLOW_MS);

  const range = period === "last_7d" ? "7d" : "24h";
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return useQuery({
    queryKey: [...KEY, range, timezone],
    queryFn: ({ signal }) => get<Overview>("/api/v1/overview", { range, timezone }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
}
