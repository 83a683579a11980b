import { useEffect, useState } from "react";

import { useQuery } from "@tanstack/react-query";

import { change } from "../../api/client";
import type { SearchHit, SearchResult } from "../../api/types";

const SHORTEST = 3;
const LONGEST = 550;
/** The search waits for a pause in typing. */
const PAUSE_MS = 300;

/** Search payments, customers, decisions and conversions by a text, which is sent in the body and kept nowhere. */
export function useThings(text: string): { hits: readonly SearchHit[]; isSearching: boolean } {
  const wanted = text.trim();
  const settled = useSettled(wanted);
  const enabled = wanted.length >= SHORTEST && wanted.length <= LONGEST;
  const search = useQuery({
    queryKey: ["search", settled],
    queryFn: ({ signal }) => change<SearchResult>("POST", "/api/v1/search", { body: { text: settled }, signal }),
    enabled: enabled && settled === wanted,
    gcTime: 0,
    retry: false,
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });

  if (!enabled) return { hits: [], isSearching: false };
  return { hits: settled === wanted ? (search.data?.hits ?? []) : [], isSearching: settled !== wanted || search.isFetching };
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);

  useEffect(() => {
    const timer = setTimeout(setSettled, PAUSE_MS, text);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return settled;
}
