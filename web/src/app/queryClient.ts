import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "../api/client";

/** A failed query is repeated at this interval for as long as it is shown. */
const RETRY_INTERVAL_MS = 10_000;

/** A 4xx response will not change; server errors and failed connections may be temporary. */
const isRetryable = (error: Error | null) => !(error instanceof ApiError && error.status < 500);

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => isRetryable(error) && failures < 2,
        refetchInterval: ({ state }) =>
          state.status === "error" && isRetryable(state.error) ? RETRY_INTERVAL_MS : false,
      },
    },
  });
}
