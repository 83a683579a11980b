import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { Detection, DetectionPage } from "../../api/types";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";
import { conversionsKey } from "../conversions/useConversions";
import { customerKey } from "../customers/useCustomer";
import { paymentKey } from "../payments/usePayment";

const UPDATE_INTERVAL_MS = 500;
/** The most that the API returns at once. A payment has a few decisions. */
const MAX_DECISIONS = 200;

const detectionKey = (id: string) => ["detection", id];
const paymentDecisionsKey = (paymentId: string) => ["detections", { paymentId }];

export function useDetection(id: string) {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: detectionKey(id),
    queryFn: ({ signal }) => get<Detection>(`/api/v1/detections/${encodeURIComponent(id)}`, {}, signal),
  });
}

/** Fetch all decisions on a payment, newest first. */
export function usePaymentDecisions(paymentId: string) {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: paymentDecisionsKey(paymentId),
    queryFn: ({ signal }) =>
      get<DetectionPage>("/api/v1/detections", { payment_id: paymentId, limit: MAX_DECISIONS }, signal),
  });
}

/** Refetch a detection and its payment's decisions, customer and conversions when the stream reports a change to them. */
export function useDetectionUpdates({ id, payment_id, customer_id }: Detection): void {
  const queries = useQueryClient();
  const refetch = (queryKey: unknown[]) => void queries.invalidateQueries({ queryKey });

  useLiveEvents((events) => {
    for (const event of events) {
      if (customer_id !== null && event.type === "trust.updated" && event.data.customer_id === customer_id) {
        refetch(customerKey(customer_id));
      }
      if (event.type === "gap" || !("payment_id" in event.data) || event.data.payment_id !== payment_id) continue;
      refetch(paymentKey(payment_id));
      refetch(conversionsKey(payment_id));
      if (event.type === "detection.created") {
        // A newer decision replaces this one.
        refetch(detectionKey(id));
        refetch(paymentDecisionsKey(payment_id));
      }
    }
  }, UPDATE_INTERVAL_MS);
}
