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
        // Lengthens a session that ran out; one that has ended for good leads to the sign-in page.
        beforeRetry: () => queries.query({ queryKey: SESSION_KEY, queryFn: readIdentity, staleTime: 0 }),
      }),
  );
  useEffect(() => stream.start(), [stream]);
  // The way to the server is there again: what failed meanwhile need not wait for its turn.
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
