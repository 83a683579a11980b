import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { Detection } from "../../api/types";
import { useLiveEvents } from "../../stream/useStream";
import { conversionsKey } from "../conversions/useConversions";
import { customerKey } from "../customers/useCustomer";
import { paymentKey } from "../payments/usePayment";

const UPDATE_INTERVAL_MS = 500;

export function useDetection(id: string) {
  return useQuery({
    queryKey: ["detection", id],
    queryFn: ({ signal }) => get<Detection>(`/api/v1/detections/${encodeURIComponent(id)}`, {}, signal),
    // A decision never changes.
    staleTime: Infinity,
  });
}

/** Refetch the detection's customer, payment and conversions when the stream reports a change to them. */
export function useDetectionUpdates({ payment_id, customer_id }: Detection): void {
  const queries = useQueryClient();
  const refetch = (queryKey: unknown[]) => void queries.invalidateQueries({ queryKey });

  useLiveEvents((events) => {
    for (const event of events) {
      if (customer_id !== null && event.type === "trust.updated" && event.data.customer_id === customer_id) {
        refetch(customerKey(customer_id));
      }
      if (event.type !== "gap" && "payment_id" in event.data && event.data.payment_id === payment_id) {
        refetch(paymentKey(payment_id));
        refetch(conversionsKey(payment_id));
      }
    }
  }, UPDATE_INTERVAL_MS);
}
