import { useQuery } from "@tanstack/react-query";

import { ApiError, get } from "../../api/client";
import type { PaymentHealth } from "../../api/types";

/** The API repeats the checks at most this often. */
const INTERVAL_MS = 30_000;

/** Whether Orylo itself receives and handles payments. No event of the stream says so: it is asked while it is shown. */
export function usePaymentHealth() {
  return useQuery({ queryKey: ["payment-health"], queryFn: ({ signal }) => read(signal), refetchInterval: INTERVAL_MS });
}

/** An unhealthy platform answers 503 with the same body. */
async function read(signal: AbortSignal): Promise<PaymentHealth> {
  try {
    return await get<PaymentHealth>("/api/health/payment", {}, signal);
  } catch (error) {
    if (error instanceof ApiError && "checks" in error.problem) return error.problem as unknown as PaymentHealth;
    throw error;
  }
}
