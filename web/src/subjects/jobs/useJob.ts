import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../api/client";
import type { Job } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useLiveEvents, useStreamStatus } from "../../stream/useStream";

const keyOf = (id: string) => ["jobs", id];
const UPDATE_INTERVAL_MS = 200;
const POLL_INTERVAL_MS = 2_000;

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

  useLiveEvents((events) => {
    for (const event of events) {
      if (event.type !== "job.progress" || event.data.id !== id) continue;
      queries.setQueryData<Job>(keyOf(id), (known) => later(known, event.data));
    }
  }, UPDATE_INTERVAL_MS);

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

export function useCancelJob(id: string) {
  const queries = useQueryClient();
  return useAction((_: undefined, idempotencyKey) => change<Job>("POST", `/api/v1/jobs/${id}/cancel`, { idempotencyKey }), {
    onSuccess: (job) => {
      queries.setQueryData<Job>(keyOf(id), (known) => later(known, job));
    },
  });
}
