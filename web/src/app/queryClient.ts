import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiError, isTemporary } from "../api/client";
import { SESSION_KEY } from "../session/session";

/** A failed query is repeated at this interval for as long as it is shown. */
const RETRY_INTERVAL_MS = 10_000;

export function newQueryClient(): QueryClient {
  // The session cannot be refreshed: it is read again, and the sign-in page says so.
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.code === "session_ended") {
      void queries.invalidateQueries({ queryKey: SESSION_KEY, exact: true });
    }
  };
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => isTemporary(error) && failures < 2,
        refetchInterval: ({ state }) =>
          state.status === "error" && isTemporary(state.error) ? RETRY_INTERVAL_MS : false,
      },
    },
  });
  return queries;
}
