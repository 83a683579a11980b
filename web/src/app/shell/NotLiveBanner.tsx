import { useSyncExternalStore } from "react";

import { type QueryClient, useQueryClient } from "@tanstack/react-query";

import { useWords } from "../../i18n/words";
import { formatTime } from "../../ui/format/time";
import { Banner } from "../../ui/states/Banner";
import { appWords } from "../words";

/** Says of when the newest data are while the stream is down. */
export function NotLiveBanner() {
  const queries = useQueryClient();
  const { live } = useWords(appWords);
  const newest = useSyncExternalStore(
    (onChange) => queries.getQueryCache().subscribe(onChange),
    () => newestOf(queries),
  );

  return <Banner tone="warn">{live.notLive(formatTime(new Date(newest).toISOString()))}</Banner>;
}

/** When the newest data arrived, in milliseconds since 1970. */
const newestOf = (queries: QueryClient): number =>
  Math.max(0, ...queries.getQueryCache().getAll().map(({ state }) => state.dataUpdatedAt));
