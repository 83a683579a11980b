import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from "react";

import type { LiveEvent, LiveStream, StreamState } from "./liveStream";

export const StreamContext = createContext<LiveStream | null>(null);

function useStream(): LiveStream {
  const stream = useContext(StreamContext);
  if (stream === null) throw new Error("no live stream around this component");
  return stream;
}

export function useStreamState(): StreamState {
  const stream = useStream();
  return useSyncExternalStore(stream.watchState, stream.state);
}

/** Calls `onEvents` with what came in, at most every `stepMs`, while the component is shown. */
export function useLiveEvents(onEvents: (events: readonly LiveEvent[]) => void, stepMs: number): void {
  const stream = useStream();
  const told = useEffectEvent(onEvents);

  useEffect(() => {
    let waiting: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = stream.listen((event) => {
      waiting.push(event);
      timer ??= setTimeout(() => {
        const events = waiting;
        waiting = [];
        timer = undefined;
        told(events);
      }, stepMs);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [stream, stepMs]);
}
