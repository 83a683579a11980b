import { type ReactNode, useEffect, useState } from "react";

import { useQueryClient } from "@tanstack/react-query";

import { useIdentity } from "../session/identity";
import { readIdentity, SESSION_KEY } from "../session/session";
import { openStream } from "./openStream";
import { StreamContext } from "./useStream";

const REFETCH_DELAY_MS = 50;

/** Provide the live stream of the signed-in user. */
export function StreamProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const identity = useIdentity();
  const [stream] = useState(() =>
    // If the session has ended for good, the identity becomes null and the sign-in page is shown.
    openStream(identity, () => queries.query({ queryKey: SESSION_KEY, queryFn: readIdentity, staleTime: 0 })),
  );
  useEffect(() => stream.start(), [stream]);
  // What was fetched before the stream was live, or before a gap, may lack events. From here on, the stream reports every
  // change. A gap is reported along with becoming live, so both cause one refetch.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refetch = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
      }, REFETCH_DELAY_MS);
    };
    const stopWatching = stream.watchStatus(() => {
      if (stream.status().state === "live") refetch();
    });
    const stopListening = stream.listen(({ type }) => {
      if (type === "gap") refetch();
    });
    return () => {
      stopWatching();
      stopListening();
      clearTimeout(timer);
    };
  }, [stream, queries]);

  return <StreamContext value={stream}>{children}</StreamContext>;
}
