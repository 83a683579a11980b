import { useEffect, useState } from "react";

import { useStreamStatus } from "../../stream/useStream";

/** A stream that is down for longer is worth a banner. Most gaps are shorter. */
const WORTH_SAYING_MS = 30_000;

/** Return whether the stream has not been live for half a minute. */
export function useIsStreamDown(): boolean {
  const isLive = useStreamStatus().state === "live";
  const [down, setDown] = useState(false);
  if (isLive && down) setDown(false);

  useEffect(() => {
    if (isLive) return;
    const timer = setTimeout(setDown, WORTH_SAYING_MS, true);
    return () => {
      clearTimeout(timer);
    };
  }, [isLive]);
  return down;
}
