import { useState } from "react";

import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { Conversion, ConversionDelivery, ConversionPage } from "../../../api/types";
import { currentZone } from "../../../i18n/zone";
import { causeOf } from "../../../subjects/conversions/labels";
import { isConversionEvent } from "../../../stream/eventStream";
import { useLiveEvents, usePollingUnlessLive } from "../../../stream/useStream";
import { rangeParameters } from "../../../ui/controls/range";
import type { Filters } from "../address";
import { FIGURES_KEY } from "../figures/useFigures";

type Pages = InfiniteData<ConversionPage, string | undefined>;

const LIST_KEY = "conversion-list";
const UPDATE_INTERVAL_MS = 500;
/** What is computed of all conversions is read again at most this often. */
const FIGURES_INTERVAL_MS = 30_000;

/** The filters as the API's bodies have them. */
export const bodyOf = ({ range, status, gateway, method, cause }: Filters) => ({
  ...rangeParameters(range, currentZone()),
  status,
  cause,
  ...(gateway && { gateway: [gateway] }),
  ...(method && { method: [method] }),
});

/**
 * The conversions that match the filters, newest first. Those that are listed follow the stream in their places; new
 * ones are counted, until `showNew` reads the list again. `unseen` is infinite if there were too many to count.
 */
export function useConversionList({ range, status, gateway, method, cause }: Filters) {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();
  const timezone = currentZone();
  const key = [LIST_KEY, range, status, gateway, method, cause, timezone];
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set());
  const [someSkipped, setSomeSkipped] = useState(false);

  const matches = (each: Conversion) =>
    (status === undefined || each.status === status) &&
    (gateway === undefined || each.payment_id.startsWith(`${gateway}:`)) &&
    (method === undefined || each.match.method === method) &&
    (cause === undefined || causeOf(each) === cause);

  useLiveEvents((events) => {
    if (events.some(({ type }) => type === "events.skipped")) setSomeSkipped(true);
    const changed = events.filter(isConversionEvent).map(({ data }) => data);
    const pages = queries.getQueryData<Pages>(key);
    if (changed.length === 0 || pages === undefined) return;
    const listed = new Set(pages.pages.flatMap(({ items }) => items.map(({ id }) => id)));
    queries.setQueryData<Pages>(key, withChanges(pages, changed));
    const news = changed.filter((each) => !listed.has(each.id) && matches(each));
    if (news.length > 0) setUnseen((before) => new Set([...before, ...news.map(({ id }) => id)]));
  }, UPDATE_INTERVAL_MS);
  useLiveEvents((events) => {
    if (events.some((event) => isConversionEvent(event) || event.type === "events.skipped")) void queries.invalidateQueries({ queryKey: [FIGURES_KEY] });
  }, FIGURES_INTERVAL_MS);

  const list = useInfiniteQuery({
    ...polling,
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const parameters = { ...rangeParameters(range, timezone), status, gateway, method, cause, cursor: pageParam };
      return get<ConversionPage>("/api/v1/conversions", parameters, signal);
    },
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const showNew = () => {
    setUnseen(new Set());
    setSomeSkipped(false);
    void queries.resetQueries({ queryKey: key });
  };
  return { list, unseen: someSkipped ? Infinity : unseen.size, showNew };
}

/** Put newer states of conversions into the places of the earlier ones. */
export function withChanges(pages: Pages, changed: readonly Conversion[]): Pages {
  const newest = new Map<string, Conversion>();
  for (const each of changed) {
    const known = newest.get(each.id);
    if (known === undefined || known.updated_at <= each.updated_at) newest.set(each.id, each);
  }
  const current = (item: Conversion) => {
    const next = newest.get(item.id);
    return next === undefined || next.updated_at < item.updated_at ? item : next;
  };
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: page.items.map(current) })) };
}

/** One conversion and what was sent of it, which are read again when the stream reports a change. */
export function useConversion(id: string) {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();

  useLiveEvents((events) => {
    if (events.some((event) => event.type === "events.skipped" || (isConversionEvent(event) && event.data.id === id))) void queries.invalidateQueries({ queryKey: ["conversion", id] });
  }, UPDATE_INTERVAL_MS);

  const conversion = useQuery({
    ...polling,
    queryKey: ["conversion", id],
    queryFn: ({ signal }) => get<Conversion>(`/api/v1/conversions/${id}`, {}, signal),
  });
  const delivery = useQuery({
    ...polling,
    queryKey: ["conversion", id, "delivery"],
    queryFn: ({ signal }) => get<ConversionDelivery>(`/api/v1/conversions/${id}/delivery`, {}, signal),
  });
  return { conversion, delivery };
}
