import { type ReactNode, useEffect, useState } from "react";

import { useQueryClient } from "@tanstack/react-query";

import { readIdentity, SESSION_KEY } from "../session/session";
import { LiveStream } from "./liveStream";
import { StreamContext } from "./useStream";

export function StreamProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [stream] = useState(
    () =>
      new LiveStream({
        url: "/api/v1/stream",
        // Refreshes an expired session. If it has ended for good, the identity becomes null and the sign-in page is shown.
        beforeRetry: () => queries.query({ queryKey: SESSION_KEY, queryFn: readIdentity, staleTime: 0 }),
      }),
  );
  useEffect(() => stream.start(), [stream]);
  // The server is reachable again: refetch failed queries now instead of at their next interval.
  useEffect(
    () =>
      stream.watchState(() => {
        if (stream.state() !== "live") return;
        void queries.refetchQueries({ type: "active", predicate: ({ state }) => state.status === "error" });
      }),
    [stream, queries],
  );

  return <StreamContext value={stream}>{children}</StreamContext>;
}
