import { useInfiniteQuery, useMutation } from "@tanstack/react-query";

import { get, post } from "../../api/client";
import type { CustomersFound, ListedCustomer } from "../../api/types";
import { currentZone } from "../../i18n/zone";
import { rangeParameters } from "../../ui/controls/range";
import type { CustomerFilters } from "./address";

const PAGE_SIZE = 50;

export type LookupKind = "email" | "phone" | "document" | "order_id" | "customer_id";

interface ListedCustomerPage {
  items: ListedCustomer[];
  next_cursor: string | null;
}

/** The filters as the API takes them. */
export function parametersOf({ status, max_trust, seen }: CustomerFilters) {
  const range = seen === undefined ? undefined : rangeParameters(seen, currentZone());
  return { status, max_trust, last_seen_from: range?.from, last_seen_to: range?.to };
}

/** The filters as the API's bodies have them: a list and a number. */
export function bodyOf(filters: CustomerFilters) {
  const { status, max_trust, ...rest } = parametersOf(filters);
  return { ...rest, ...(status && { status: [status] }), ...(max_trust && { max_trust: Number(max_trust) }) };
}

export function useCustomers({ status, max_trust, seen }: CustomerFilters) {
  return useInfiniteQuery({
    queryKey: ["customers", { status, max_trust, seen }],
    queryFn: ({ pageParam, signal }) => {
      const query = parametersOf({ status, max_trust, seen });
      return get<ListedCustomerPage>("/api/v1/customers", { ...query, limit: PAGE_SIZE, cursor: pageParam }, signal);
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Find a customer by something personal. It goes in the body, and stays neither in the address nor in a cache. */
export function useLookup() {
  return useMutation({
    mutationFn: ({ kind, text }: { kind: LookupKind; text: string }) =>
      post<CustomersFound>("/api/v1/customers/lookup", { [kind]: text }),
    gcTime: 0,
  });
}
