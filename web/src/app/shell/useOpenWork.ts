import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { ProblemSummary, ReviewSummary } from "../../api/types";
import type { LiveEvent } from "../../stream/eventStream";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";

/** How often the counts are read again while events arrive. */
const UPDATE_INTERVAL_MS = 5_000;

const REVIEW_KEY = ["review", "summary", "open"];
const PROBLEMS_KEY = ["problems", "summary", "open"];

// What may put a payment into the queue or take it out, and what may become a problem.
const CHANGES_REVIEW: ReadonlySet<LiveEvent["type"]> = new Set<LiveEvent["type"]>(["detection.created", "review.changed", "verdict.given", "events.skipped"]);
const CHANGES_PROBLEMS: ReadonlySet<LiveEvent["type"]> = new Set<LiveEvent["type"]>(["dead_letter.created", "webhook.refused", "job.progress", "events.skipped"]);

/** What waits for a person, by page. Pages whose count is unknown have none. */
export type OpenWork = Readonly<Partial<Record<"review" | "problems", number>>>;

export function useOpenWork(): OpenWork {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();
  const review = useQuery({
    ...polling,
    queryKey: REVIEW_KEY,
    queryFn: async ({ signal }) => (await get<ReviewSummary>("/api/v1/review/summary", {}, signal)).open,
  });
  const problems = useQuery({
    ...polling,
    queryKey: PROBLEMS_KEY,
    queryFn: async ({ signal }) => openProblems(await get<ProblemSummary>("/api/v1/problems/summary", {}, signal)),
  });

  useLiveEvents((events) => {
    const readAgain = (queryKey: readonly string[], types: ReadonlySet<LiveEvent["type"]>) => {
      if (events.some(({ type }) => types.has(type))) void queries.invalidateQueries({ queryKey });
    };
    readAgain(REVIEW_KEY, CHANGES_REVIEW);
    readAgain(PROBLEMS_KEY, CHANGES_PROBLEMS);
  }, UPDATE_INTERVAL_MS);

  return {
    ...(review.data !== undefined && { review: review.data }),
    ...(problems.data !== undefined && { problems: problems.data }),
  };
}

/** Rejections are not counted: there is nothing to settle in them. */
const openProblems = ({ dead_letters, quarantine }: ProblemSummary): number => dead_letters + quarantine;
