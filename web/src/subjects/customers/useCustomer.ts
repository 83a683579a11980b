import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { Customer } from "../../api/types";

export const customerKey = (id: string) => ["customer", id];

export function useCustomer(id: string) {
  return useQuery({
    queryKey: customerKey(id),
    queryFn: ({ signal }) => get<Customer>(`/api/v1/customers/${encodeURIComponent(id)}`, {}, signal),
  });
}
