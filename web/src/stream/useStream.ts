import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from "react";

import type { Query } from "@tanstack/react-query";

import { isTemporary } from "../api/client";
import type { EventStream, LiveEvent, StreamStatus } from "./eventStream";

export const StreamContext = createContext<EventStream | null>(null);

/** How often queries are repeated while the stream is not live. */
const POLL_INTERVAL_MS = 15_000;
/** How often a failed query is repeated, live or not. */
const RETRY_INTERVAL_MS = 10_000;

function useStream(): EventStream {
  const stream = useContext(StreamContext);
  if (stream === null) throw new Error("useStream needs a StreamProvider");
  return stream;
}

export function useStreamStatus(): StreamStatus {
  const stream = useStream();
  return useSyncExternalStore(stream.watchStatus, stream.status);
}

/** Options of a query whose changes the stream reports: it is repeated only while the stream is not live. */
export function usePollingUnlessLive() {
  const isLive = useStreamStatus().state === "live";
  return {
    // A page that was closed has missed the events since.
    refetchOnMount: "always",
    refetchOnWindowFocus: !isLive,
    refetchOnReconnect: !isLive,
    refetchInterval: ({ state: { status, error } }: Pick<Query, "state">) => {
      if (status === "error") return isTemporary(error) && RETRY_INTERVAL_MS;
      return !isLive && POLL_INTERVAL_MS;
    },
  } as const;
}

/** Call `onEvents` with the events received, in batches at least `intervalMs` apart. */
export function useLiveEvents(onEvents: (events: readonly LiveEvent[]) => void, intervalMs: number): void {
  const stream = useStream();
  const notify = useEffectEvent(onEvents);

  useEffect(() => {
    let batch: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = stream.listen((event) => {
      batch.push(event);
      timer ??= setTimeout(() => {
        const events = batch;
        batch = [];
        timer = undefined;
        notify(events);
      }, intervalMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [stream, intervalMs]);
}
