import { useQuery } from "@tanstack/react-query";

import { ApiError, get } from "../../api/client";
import type { Payment } from "../../api/types";

export const paymentKey = (id: string) => ["payment", id];

/** Fetch a payment. The result is null while the API has only its decision and not yet the payment itself. */
export function usePayment(id: string) {
  return useQuery({
    queryKey: paymentKey(id),
    queryFn: async ({ signal }) => {
      try {
        return await get<Payment>(`/api/v1/payments/${encodeURIComponent(id)}`, {}, signal);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
  });
}
