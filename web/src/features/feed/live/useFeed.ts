import { useEffect, useMemo, useReducer, useRef } from "react";

import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { ConversionPage, CustomerPage, CustomerSummary, Detection, DetectionPage } from "../../../api/types";
import type { LiveEvent } from "../../../stream/liveStream";
import { useLiveEvents } from "../../../stream/useStream";
import { type Filters, type Live, MAX_ROWS, NOTHING_YET, received, released, rowsOf, strangers } from "./liveState";

const PAGE = 100;
/** Events are shown in steps: a busy stream must not draw the page for each of them. */
const STEP_MS = 200;
/** The stream tells of the end of a conversion; that one has begun or is held back is read. */
const REREAD_MS = 15_000;
/** So many customers at a time, as often as this while there are any whose score is not known. */
const MAX_IDS = 100;
const ASK_MS = 5_000;
const MAX_SCORES = 2_000;
const SCORES = ["feed", "customers"];
const NOBODY: readonly CustomerSummary[] = [];

type Step = { type: "receive"; events: readonly LiveEvent[]; filters: Filters; hold: boolean } | { type: "release" };

function reduce(live: Live, step: Step): Live {
  return step.type === "release" ? released(live) : received(live, step.events, step.filters, step.hold);
}

/** The live list: what was decided before, and what is decided while `hold` is false. */
export function useFeed(filters: Filters, hold: boolean) {
  const queries = useQueryClient();
  const [live, step] = useReducer(reduce, NOTHING_YET);

  const detections = useInfiniteQuery({
    queryKey: ["feed", "detections", filters],
    queryFn: ({ pageParam, signal }) =>
      get<DetectionPage>("/api/v1/detections", { limit: PAGE, cursor: pageParam, ...filters }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 0,
    gcTime: 0,
  });
  const conversions = useQuery({
    queryKey: ["feed", "conversions"],
    queryFn: ({ signal }) => get<ConversionPage>("/api/v1/conversions", { limit: 200 }, signal),
    refetchInterval: REREAD_MS,
  });
  const read = useMemo(() => detections.data?.pages.flatMap(({ items }) => items) ?? [], [detections.data]);
  const customers = useScores(read, live);

  useLiveEvents((events) => {
    step({ type: "receive", events, filters, hold });
    if (events.some(({ type }) => type === "gap")) {
      queries.setQueryData(SCORES, []);
      void queries.invalidateQueries({ queryKey: ["feed"] });
    }
  }, STEP_MS);

  const rows = useMemo(
    () => rowsOf({ detections: read, conversions: conversions.data?.items ?? [], customers }, live),
    [read, conversions.data, customers, live],
  );

  return {
    detections,
    rows,
    hasOlder: detections.hasNextPage && rows.length < MAX_ROWS,
    held: live.held.length,
    release: () => {
      step({ type: "release" });
    },
  };
}

/** Trust scores from before the page was opened, asked for a page of customers at a time. */
function useScores(detections: readonly Detection[], live: Live): readonly CustomerSummary[] {
  const queries = useQueryClient();
  const wanted = useRef<readonly string[]>([]);
  useEffect(() => {
    wanted.current = strangers(detections, live);
  }, [detections, live]);

  const scores = useQuery({
    queryKey: SCORES,
    queryFn: async ({ signal }) => {
      const known = queries.getQueryData<CustomerSummary[]>(SCORES) ?? [];
      const knownIds = new Set(known.map(({ id }) => id));
      const ids = wanted.current.filter((id) => !knownIds.has(id)).slice(0, MAX_IDS);
      if (ids.length === 0) return known;
      const { items } = await get<CustomerPage>("/api/v1/customers", { ids: ids.join(","), limit: MAX_IDS }, signal);
      return [...items, ...known].slice(0, MAX_SCORES);
    },
    enabled: detections.length > 0 || live.arrived.length > 0,
    refetchInterval: ASK_MS,
  });
  return scores.data ?? NOBODY;
}
