import { useState } from "react";

import type { UseQueryResult } from "@tanstack/react-query";

/** Keep a query's error until it succeeds. TanStack Query clears the error of a query without data at each retry. */
export function useFailure({ error, isSuccess }: Pick<UseQueryResult, "error" | "isSuccess">): Error | null {
  const [last, setLast] = useState<Error | null>(null);
  const failure = isSuccess ? null : (error ?? last);
  if (failure !== last) setLast(failure);
  return failure;
}
