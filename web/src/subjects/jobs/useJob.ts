import { type InfiniteData, type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../api/client";
import type { Job, JobPage } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useLiveEvents, usePollingUnlessLive, useStreamStatus } from "../../stream/useStream";

const keyOf = (id: string) => ["jobs", id];
const LIST_KEY = ["jobs", "list"];
const UPDATE_INTERVAL_MS = 200;
const POLL_INTERVAL_MS = 2_000;
const PAGE_SIZE = 25;

type Pages = InfiniteData<JobPage, string | undefined>;

export const isOver = ({ state }: Job): boolean => state === "done" || state === "failed" || state === "canceled";

/** Return the one of two states of a job that is further: events and responses may overtake each other. */
export function later(known: Job | undefined, next: Job): Job {
  if (known === undefined) return next;
  if (isOver(known) !== isOver(next)) return isOver(known) ? known : next;
  return next.done >= known.done ? next : known;
}

/** A job, which follows the stream, and is polled while the stream is not live. */
export function useJob(id: string) {
  const queries = useQueryClient();
  const isLive = useStreamStatus().state === "live";

  useJobEvents((job) => {
    if (job.id === id) put(queries, job);
  });

  return useQuery({
    queryKey: keyOf(id),
    queryFn: async ({ signal }) => {
      const read = await get<Job>(`/api/v1/jobs/${id}`, {}, signal);
      return later(queries.getQueryData<Job>(keyOf(id)), read);
    },
    refetchOnMount: "always",
    refetchInterval: ({ state: { data } }) => !isLive && (data === undefined || !isOver(data)) && POLL_INTERVAL_MS,
  });
}

/** The shop's jobs, newest first, which follow the stream in their places. */
export function useJobs() {
  const queries = useQueryClient();

  useJobEvents((job) => {
    const [newest] = listed(queries);
    put(queries, job);
    // A job that has been started since. An older one is listed further down, beyond the pages that are loaded.
    if (newest === undefined || newest.created_at < job.created_at) void queries.invalidateQueries({ queryKey: LIST_KEY });
  });

  return useInfiniteQuery({
    ...usePollingUnlessLive(),
    queryKey: LIST_KEY,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const page = await get<JobPage>("/api/v1/jobs", { limit: PAGE_SIZE, cursor: pageParam }, signal);
      const known = new Map(listed(queries).map((job) => [job.id, job]));
      return { ...page, items: page.items.map((job) => later(known.get(job.id), job)) };
    },
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
  });
}

export function useCancelJob(id: string) {
  const queries = useQueryClient();
  return useAction((_: undefined, idempotencyKey) => change<Job>("POST", `/api/v1/jobs/${id}/cancel`, { idempotencyKey }), {
    onSuccess: (job) => {
      put(queries, job);
    },
  });
}

function useJobEvents(onJob: (job: Job) => void) {
  useLiveEvents((events) => {
    for (const event of events) if (event.type === "job.progress") onJob(event.data);
  }, UPDATE_INTERVAL_MS);
}

const listed = (queries: QueryClient): Job[] => queries.getQueryData<Pages>(LIST_KEY)?.pages.flatMap(({ items }) => items) ?? [];

/** Replace what is known of a job, wherever it is shown. */
function put(queries: QueryClient, job: Job): void {
  queries.setQueryData<Job>(keyOf(job.id), (known) => later(known, job));
  queries.setQueryData<Pages>(LIST_KEY, (pages) => pages && withJob(pages, job));
}

const withJob = (pages: Pages, job: Job): Pages => ({
  ...pages,
  pages: pages.pages.map((page) => ({ ...page, items: page.items.map((item) => (item.id === job.id ? later(item, job) : item)) })),
});
