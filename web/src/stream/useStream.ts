import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from "react";

import type { LiveEvent, LiveStream, StreamState } from "./liveStream";

export const StreamContext = createContext<LiveStream | null>(null);

function useStream(): LiveStream {
  const stream = useContext(StreamContext);
  if (stream === null) throw new Error("useStream needs a StreamProvider");
  return stream;
}

export function useStreamState(): StreamState {
  const stream = useStream();
  return useSyncExternalStore(stream.watchState, stream.state);
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
