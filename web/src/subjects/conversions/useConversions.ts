import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { ConversionPage } from "../../api/types";

export const conversionsKey = (paymentId: string) => ["conversions", { paymentId }];

export function useConversions(paymentId: string) {
  return useQuery({
    queryKey: conversionsKey(paymentId),
    queryFn: ({ signal }) => get<ConversionPage>("/api/v1/conversions", { payment_id: paymentId }, signal),
  });
}
