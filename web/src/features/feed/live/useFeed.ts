import { useMemo, useReducer } from "react";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { ConversionPage, DetectionPage } from "../../../api/types";
import type { LiveEvent } from "../../../stream/eventStream";
import { useLiveEvents, usePollingUnlessLive } from "../../../stream/useStream";
import { useDestinations } from "../../../subjects/destinations/useDestinations";
import { applyEvents, type Filters, INITIAL_STATE, type LiveState, MAX_ROWS, releaseHeld } from "./liveState";
import { buildRows } from "./rows";
import { useTrustScores } from "./useTrustScores";

const PAGE_SIZE = 100;
/** Events are applied in batches. Otherwise a busy stream would re-render the page for each event. */
const BATCH_MS = 200;

type Action =
  | { type: "receive"; events: readonly LiveEvent[]; filters: Filters; hold: boolean }
  | { type: "release" };

function reduce(state: LiveState, action: Action): LiveState {
  if (action.type === "release") return releaseHeld(state);
  return applyEvents(state, action.events, action.filters, action.hold);
}

/** The rows of the live feed: earlier decisions from the API, joined with those that the stream reports. */
export function useFeed(filters: Filters, hold: boolean) {
  const polling = usePollingUnlessLive();
  const [live, dispatch] = useReducer(reduce, INITIAL_STATE);

  const detections = useInfiniteQuery({
    ...polling,
    queryKey: ["feed", "detections", filters],
    queryFn: ({ pageParam, signal }) =>
      get<DetectionPage>("/api/v1/detections", { limit: PAGE_SIZE, cursor: pageParam, ...filters }, signal),
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
  const customers = useTrustScores(pages);
  const destinations = useDestinations();

  useLiveEvents((events) => {
    dispatch({ type: "receive", events, filters, hold });
  }, BATCH_MS);

  const rows = useMemo(
    () =>
      buildRows(
        {
          detections: pages.flat(),
          conversions: conversions.data?.items ?? [],
          customers,
          destinations: destinations.data?.items ?? [],
        },
        live,
      ),
    [pages, conversions.data, customers, destinations.data, live],
  );

  return {
    detections,
    rows,
    hasOlder: detections.hasNextPage && rows.length < MAX_ROWS,
    heldCount: live.held.length,
    release: () => {
      dispatch({ type: "release" });
    },
  };
}
