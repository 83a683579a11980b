import { useState } from "react";

import type { UseQueryResult } from "@tanstack/react-query";

/** Why a query has failed, until it succeeds: of itself one without data forgets it for each new attempt. */
export function useFailure({ error, isSuccess }: Pick<UseQueryResult, "error" | "isSuccess">): Error | null {
  const [last, setLast] = useState<Error | null>(null);
  const failure = isSuccess ? null : (error ?? last);
  if (failure !== last) setLast(failure);
  return failure;
}
