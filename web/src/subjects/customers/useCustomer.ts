import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { Customer } from "../../api/types";
import { usePollingUnlessLive } from "../../stream/useStream";
import { useTrustEvents } from "./useTrustEvents";

export const customerKey = (id: string) => ["customer", id];

/** A customer with the trust score. It follows the stream. */
export function useCustomer(id: string) {
  useTrustEvents(id, customerKey(id));
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: customerKey(id),
    queryFn: ({ signal }) => get<Customer>(`/api/v1/customers/${encodeURIComponent(id)}`, {}, signal),
  });
}
