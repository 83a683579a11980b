import { useQueries, type UseQueryResult } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { CustomerPage, CustomerSummary, Detection } from "../../../api/types";
import { usePollingUnlessLive } from "../../../stream/useStream";

/** The API accepts at most this many ids in one request. */
const MAX_IDS = 100;

/** Fetch the trust scores of the customers on fetched pages. Those of later decisions come with the stream. */
export function useTrustScores(pages: readonly (readonly Detection[])[]): readonly CustomerSummary[] {
  const polling = usePollingUnlessLive();
  return useQueries({
    queries: pages.map((page, index) => {
      const ids = [...new Set(page.map(({ customer_id }) => customer_id))].filter((id) => id !== null).sort();
      return {
        ...polling,
        // Two pages may have the same customers.
        queryKey: ["feed", "customers", index, ids],
        queryFn: ({ signal }: { signal: AbortSignal }) =>
          get<CustomerPage>("/api/v1/customers", { ids: ids.join(","), limit: MAX_IDS }, signal),
        enabled: ids.length > 0,
        placeholderData: (previous: CustomerPage | undefined) => previous,
        gcTime: 0,
      };
    }),
    combine,
  });
}

/** Outside the component: React Query keeps its result while the queries' results stay the same. */
const combine = (results: UseQueryResult<CustomerPage>[]) => results.flatMap(({ data }) => data?.items ?? []);
