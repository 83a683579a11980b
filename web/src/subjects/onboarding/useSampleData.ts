import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../api/client";
import type { SampleData } from "../../api/types";
import { useAction } from "../../api/useAction";

const PATH = "/api/v1/onboarding/sample-data";

/** Return whether a payment is one of the sample sales. */
export const isSampleSale = (paymentId: string): boolean => /^[a-z]+:(pi_sample_data|sample-data)_/.test(paymentId);

export function useSampleData() {
  return useQuery({ queryKey: ["onboarding", "sample-data"], queryFn: ({ signal }) => get<SampleData>(PATH, {}, signal) });
}

/** Show the sample sales, or remove them. Every list may have them, so all are read anew. */
export function useChangeSampleData() {
  const queries = useQueryClient();
  const rereadAll = () => void queries.invalidateQueries();
  return useAction((shown: boolean) => change<unknown>(shown ? "PUT" : "DELETE", PATH), {
    onSuccess: rereadAll,
    onError: rereadAll,
  });
}
