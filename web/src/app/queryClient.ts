import { QueryClient } from "@tanstack/react-query";

import { isTemporary } from "../api/client";

/** A failed query is repeated at this interval for as long as it is shown. */
const RETRY_INTERVAL_MS = 10_000;

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => isTemporary(error) && failures < 2,
        refetchInterval: ({ state }) =>
          state.status === "error" && isTemporary(state.error) ? RETRY_INTERVAL_MS : false,
      },
    },
  });
}
