import { useEffect, useRef } from "react";

import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { CustomerPage, CustomerSummary, Detection } from "../../../api/types";
import type { LiveState } from "./liveState";
import { customersWithoutTrust } from "./rows";

export const TRUST_SCORES_KEY = ["feed", "customers"];
const INTERVAL_MS = 5_000;
/** The API accepts at most this many ids in one request. */
const MAX_IDS = 100;
const MAX_SCORES = 2_000;
const NO_SCORES: readonly CustomerSummary[] = [];

/** Trust scores that customers had before the page was opened, fetched for up to 100 customers at a time. */
export function useTrustScores(detections: readonly Detection[], live: LiveState): readonly CustomerSummary[] {
  const queries = useQueryClient();
  const wanted = useRef<readonly string[]>([]);
  useEffect(() => {
    wanted.current = customersWithoutTrust(detections, live);
  }, [detections, live]);

  const scores = useQuery({
    queryKey: TRUST_SCORES_KEY,
    queryFn: async ({ signal }) => {
      const known = queries.getQueryData<CustomerSummary[]>(TRUST_SCORES_KEY) ?? [];
      const knownIds = new Set(known.map(({ id }) => id));
      const ids = wanted.current.filter((id) => !knownIds.has(id)).slice(0, MAX_IDS);
      if (ids.length === 0) return known;
      const { items } = await get<CustomerPage>("/api/v1/customers", { ids: ids.join(","), limit: MAX_IDS }, signal);
      return [...items, ...known].slice(0, MAX_SCORES);
    },
    enabled: detections.length > 0 || live.arrived.length > 0,
    refetchInterval: INTERVAL_MS,
  });
  return scores.data ?? NO_SCORES;
}
