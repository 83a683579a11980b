import { useQueryClient } from "@tanstack/react-query";

import { useLiveEvents } from "../../stream/useStream";

const UPDATE_INTERVAL_MS = 500;

/** Read a query again when the stream reports another trust score or status of the customer. */
export function useTrustEvents(customerId: string, queryKey: readonly string[]): void {
  const queries = useQueryClient();

  useLiveEvents((events) => {
    const concerns = events.some(
      (event) => event.type === "events.skipped" || (event.type === "trust.updated" && event.data.customer_id === customerId),
    );
    if (concerns) void queries.invalidateQueries({ queryKey });
  }, UPDATE_INTERVAL_MS);
}
