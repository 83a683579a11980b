import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { DestinationList } from "../../api/types";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";

export const LIST_KEY = ["destinations"];
const UPDATE_INTERVAL_MS = 200;

export function useDestinations() {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();

  useLiveEvents((events) => {
    const update = events.findLast(({ type }) => type === "overview.updated");
    if (update?.type === "overview.updated") {
      queries.setQueryData<DestinationList>(LIST_KEY, { items: update.data.destinations });
    }
  }, UPDATE_INTERVAL_MS);

  return useQuery({
    ...polling,
    queryKey: LIST_KEY,
    queryFn: ({ signal }) => get<DestinationList>("/api/v1/destinations", {}, signal),
  });
}
