import { useEffect, useState } from "react";

import { useLiveEvents } from "../../stream/useStream";

/** Events that are left out are reported every 15 seconds. */
const OVER_AFTER_MS = 20_000;
const UPDATE_INTERVAL_MS = 200;

/** Return whether the stream leaves out events, because there are too many to follow. */
export function useIsBusy(): boolean {
  /** How many reports there were. Zero once they have ceased. */
  const [reports, setReports] = useState(0);

  useLiveEvents((events) => {
    if (events.some(({ type }) => type === "events.skipped")) setReports((before) => before + 1);
  }, UPDATE_INTERVAL_MS);
  useEffect(() => {
    if (reports === 0) return;
    const timer = setTimeout(setReports, OVER_AFTER_MS, 0);
    return () => {
      clearTimeout(timer);
    };
  }, [reports]);
  return reports > 0;
}
