import { useMemo, useReducer } from "react";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { ConversionPage, DetectionPage } from "../../../api/types";
import type { LiveEvent } from "../../../stream/eventStream";
import { useLiveEvents, usePollingUnlessLive } from "../../../stream/useStream";
import { useDestinations } from "../../../subjects/destinations/useDestinations";
import type { Filters } from "./decisions";
import { countHeld, type ListState, MAX_ROWS, releaseHeld } from "./listing";
import { applyEvents, INITIAL_STATE, type LiveState } from "./liveState";
import { buildRows } from "./rows";
import { useTrustScores } from "./useTrustScores";

const PAGE_SIZE = 100;
/** Events are applied in batches. Otherwise a busy stream would re-render the page for each event. */
const BATCH_MS = 200;

type Action =
  | { type: "receive"; events: readonly LiveEvent[]; list: ListState }
  | { type: "release" };

function reduce(state: LiveState, action: Action): LiveState {
  if (action.type === "release") return { ...state, listing: releaseHeld(state.listing) };
  return applyEvents(state, action.events, action.list);
}

/** The rows of the live feed: payments by their current decision, from the API and from the stream. */
export function useFeed(filters: Filters, hold: boolean) {
  const polling = usePollingUnlessLive();
  const [live, dispatch] = useReducer(reduce, INITIAL_STATE);

  const detections = useInfiniteQuery({
    ...polling,
    queryKey: ["feed", "detections", filters],
    queryFn: ({ pageParam, signal }) =>
      get<DetectionPage>(
        "/api/v1/detections",
        { current: true, limit: PAGE_SIZE, cursor: pageParam, ...filters },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    gcTime: 0,
  });
  const conversions = useQuery({
    ...polling,
    queryKey: ["feed", "conversions"],
    queryFn: ({ signal }) => get<ConversionPage>("/api/v1/conversions", { limit: 200 }, signal),
  });
  const pages = useMemo(() => detections.data?.pages.map(({ items }) => items) ?? [], [detections.data]);
  const fetched = useMemo(() => pages.flat(), [pages]);
  const customers = useTrustScores(pages);
  const destinations = useDestinations();

  useLiveEvents((events) => {
    dispatch({ type: "receive", events, list: { filters, fetched, hold } });
  }, BATCH_MS);

  const rows = useMemo(
    () =>
      buildRows(
        {
          detections: fetched,
          conversions: conversions.data?.items ?? [],
          customers,
          destinations: destinations.data?.items ?? [],
        },
        live,
        filters,
      ),
    [fetched, conversions.data, customers, destinations.data, live, filters],
  );

  return {
    detections,
    rows,
    hasOlder: detections.hasNextPage && rows.length < MAX_ROWS,
    heldCount: countHeld(live.listing, filters),
    release: () => {
      dispatch({ type: "release" });
    },
  };
}
