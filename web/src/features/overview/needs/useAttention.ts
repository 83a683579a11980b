import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Attention } from "../../../api/types";
import { useLiveEvents, usePollingUnlessLive } from "../../../stream/useStream";

const KEY = ["attention"];
/** Each of these may change what needs a person. They come often, the list is read again at most this often. */
const NEWS = new Set(["detection.created", "overview.updated", "events.skipped"]);
const REFRESH_INTERVAL_MS = 30_000;

export function useAttention() {
  const queries = useQueryClient();

  useLiveEvents((events) => {
    if (events.some(({ type }) => NEWS.has(type))) void queries.invalidateQueries({ queryKey: KEY });
  }, REFRESH_INTERVAL_MS);

  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: KEY,
    queryFn: ({ signal }) => get<Attention>("/api/v1/attention", {}, signal),
  });
}
