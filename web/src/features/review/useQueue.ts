import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { ReviewCasePage, ReviewSummary } from "../../api/types";
import { currentZone } from "../../i18n/zone";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";
import { applyChange } from "./queue";

export type Sort = "money" | "risk" | "age";
export type Show = "all" | "mine" | "snoozed";

const MAX_CASES = 100;
const UPDATE_INTERVAL_MS = 300;
const QUEUE_KEY = ["review-queue"];
const SUMMARY_KEY = ["review-summary"];

/** The cases that wait for a person, worst first, and their counts. What others do with them shows at once. */
export function useQueue(sort: Sort, show: Show) {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();
  const cases = useQuery({
    ...polling,
    queryKey: [...QUEUE_KEY, sort, show],
    queryFn: ({ signal }) =>
      get<ReviewCasePage>(
        "/api/v1/review",
        { sort, limit: MAX_CASES, ...(show === "mine" && { mine: true }), ...(show === "snoozed" && { snoozed: true }) },
        signal,
      ),
    placeholderData: (previous) => previous,
  });
  const summary = useQuery({
    ...polling,
    queryKey: SUMMARY_KEY,
    queryFn: ({ signal }) => get<ReviewSummary>("/api/v1/review/summary", { timezone: currentZone() }, signal),
  });

  useLiveEvents((events) => {
    const isQueueChanged = events.some(
      (event) =>
        (event.type === "review.changed" && event.data.change !== "claimed" && event.data.change !== "released") ||
        (event.type === "detection.created" && event.data.decision === "review") ||
        event.type === "verdict.given" ||
        event.type === "events.skipped",
    );
    if (isQueueChanged) {
      refetchQueue();
      return;
    }
    for (const event of events) {
      if (event.type !== "review.changed") continue;
      queries.setQueriesData<ReviewCasePage>({ queryKey: QUEUE_KEY }, (page) => page && { ...page, items: applyChange(page.items, event.data) });
    }
  }, UPDATE_INTERVAL_MS);

  function refetchQueue() {
    void queries.invalidateQueries({ queryKey: QUEUE_KEY });
    void queries.invalidateQueries({ queryKey: SUMMARY_KEY });
  }

  /** Take a case out of the queue before the API has handled its decision. */
  function remove(paymentId: string) {
    queries.setQueriesData<ReviewCasePage>(
      { queryKey: QUEUE_KEY },
      (page) => page && { ...page, items: page.items.filter(({ payment_id }) => payment_id !== paymentId) },
    );
  }

  return { cases, summary, remove, refetchQueue };
}
