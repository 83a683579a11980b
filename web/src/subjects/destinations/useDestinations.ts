import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { DestinationList } from "../../api/types";

/** The stream does not report destinations. They are polled. */
const INTERVAL_MS = 15_000;

export function useDestinations() {
  return useQuery({
    queryKey: ["destinations"],
    queryFn: ({ signal }) => get<DestinationList>("/api/v1/destinations", {}, signal),
    refetchInterval: INTERVAL_MS,
  });
}
