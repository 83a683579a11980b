import { useQuery, useQueryClient } from "@tanstack/react-query";

import { ApiError, get } from "../../api/client";
import type { ConversionPage, Customer, Detection, Payment } from "../../api/types";
import { useLiveEvents } from "../../stream/useStream";

const FOLLOW_MS = 500;

export function useDetection(id: string) {
  return useQuery({
    queryKey: ["detection", id],
    queryFn: ({ signal }) => get<Detection>(`/api/v1/detections/${encodeURIComponent(id)}`, {}, signal),
    staleTime: Infinity,
  });
}

/** Reads anew what belongs to this detection as soon as the stream tells of a change to it. */
export function useFollowing({ payment_id, customer_id }: Detection): void {
  const queries = useQueryClient();

  useLiveEvents((events) => {
    for (const event of events) {
      if (event.type === "gap" || (event.type === "trust.updated" && event.data.customer_id === customer_id)) {
        void queries.invalidateQueries({ queryKey: ["customer", customer_id] });
      }
      if (event.type === "gap" || (event.type !== "trust.updated" && event.data.payment_id === payment_id)) {
        void queries.invalidateQueries({ queryKey: ["payment", payment_id] });
      }
    }
  }, FOLLOW_MS);
}

export function useCustomer(id: string) {
  return useQuery({
    queryKey: ["customer", id],
    queryFn: ({ signal }) => get<Customer>(`/api/v1/customers/${encodeURIComponent(id)}`, {}, signal),
  });
}

/** The purchase; null where nothing but the decision is known of it yet. */
export function usePayment(id: string) {
  return useQuery({
    queryKey: ["payment", id],
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

export function useConversions(paymentId: string) {
  return useQuery({
    queryKey: ["payment", paymentId, "conversions"],
    queryFn: ({ signal }) => get<ConversionPage>("/api/v1/conversions", { payment_id: paymentId }, signal),
  });
}
