import {
  type InvalidateOptions,
  type InvalidateQueryFilters,
  MutationCache,
  QueryCache,
  QueryClient,
  type QueryKey,
} from "@tanstack/react-query";

import { ApiError, isTemporary } from "../api/client";
import { SESSION_KEY } from "../session/session";

/** A failed query is repeated at this interval for as long as it is shown. */
const RETRY_INTERVAL_MS = 10_000;

/**
 * Invalidates also the first fetch of a query. TanStack Query lets a fetch go on that has no data to replace, although
 * it may have been answered before the change. Here, another one follows it.
 */
class DashboardQueries extends QueryClient {
  override async invalidateQueries<Key extends QueryKey = QueryKey>(
    filters?: InvalidateQueryFilters<Key>,
    options?: InvalidateOptions,
  ): Promise<void> {
    const first = this.getQueryCache()
      .findAll({ ...filters, fetchStatus: "fetching" })
      .filter(({ state }) => state.data === undefined);
    await super.invalidateQueries(filters, options);
    // Several invalidations during one fetch cause one more.
    const again = first.filter(({ state }) => state.fetchStatus === "idle");
    if (again.length > 0) await super.invalidateQueries({ predicate: (query) => again.includes(query) }, options);
  }
}

export function newQueryClient(): QueryClient {
  // The session cannot be refreshed: it is read again, and the sign-in page says so.
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.code === "session_ended") {
      void queries.invalidateQueries({ queryKey: SESSION_KEY, exact: true });
    }
  };
  const queries = new DashboardQueries({
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
