import { useEffect, useEffectEvent, useMemo, useReducer, useState } from "react";

import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../../api/client";
import type { PaymentPage } from "../../../api/types";
import { currentZone } from "../../../i18n/zone";
import type { LiveEvent } from "../../../stream/eventStream";
import { useLiveEvents, usePollingUnlessLive, useStreamStatus } from "../../../stream/useStream";
import { paymentsKey } from "../../../subjects/payments/queries";
import { withVerdict } from "../../../subjects/payments/useVerdict";
import { bodyOf, type Filters, NO_FILTERS, parametersOf, type Person, takesNewPayments } from "../filters";
import { type ListState, MAX_ROWS } from "./decided";
import { holdRows } from "./held";
import { applyEvents, forgetKnown, forgetOlder, INITIAL_STATE, type LiveState } from "./liveState";
import { buildRows, type Row } from "./rows";

/** Fills a large screen. While the shop is too busy to follow, this many are read every 15 seconds. */
const PAGE_SIZE = 50;
/** Events are applied in batches. Otherwise a busy stream would re-render the page for each event. */
const BATCH_MS = 200;
/** Changes of trust that come with a change of the money, which the stream does not report by itself. */
const MONEY_CAUSES = new Set(["refund", "refund_failed", "dispute_opened", "dispute_won", "dispute_lost", "fraud_warning"]);
/** How often the list is read again for such a change, at most. */
const MONEY_INTERVAL_MS = 10_000;

type Action =
  | { type: "receive"; events: readonly LiveEvent[]; list: ListState }
  | { type: "refetched" }
  /** The list was read again, after `before` was known. */
  | { type: "renewed"; before: LiveState };

function reduce(state: LiveState, action: Action): LiveState {
  switch (action.type) {
    case "receive":
      return applyEvents(state, action.events, action.list);
    case "refetched":
      return forgetOlder(state);
    case "renewed":
      return forgetKnown(state, action.before);
  }
}

function fetchPage(filters: Filters, person: Person | null, cursor: string | undefined, signal: AbortSignal): Promise<PaymentPage> {
  const parameters = parametersOf(filters, currentZone());
  if (person === null) return get<PaymentPage>("/api/v1/payments", { limit: PAGE_SIZE, cursor, ...parameters }, signal);
  return change<PaymentPage>("POST", "/api/v1/payments/search", {
    body: { ...bodyOf(parameters), [person.kind]: person.value, limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) },
  });
}

/** The rows of the list: payments by their current decision, from the API and from the stream. */
export function usePaymentList(filters: Filters, person: Person | null, hold: boolean) {
  const polling = usePollingUnlessLive();
  const isLive = useStreamStatus().state === "live";
  const queries = useQueryClient();
  const [live, dispatch] = useReducer(reduce, INITIAL_STATE);
  /** The rows that were shown when they began to be held. */
  const [held, setHeld] = useState<readonly Row[] | null>(null);
  /** How many times the stream has left out events, and for how many of them the list has been read again. */
  const [skips, setSkips] = useState({ seen: 0, renewed: 0 });
  const someSkipped = skips.seen > skips.renewed;

  const payments = useInfiniteQuery({
    ...polling,
    queryKey: [...paymentsKey, "list", filters, person],
    queryFn: ({ pageParam, signal }) => fetchPage(filters, person, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    gcTime: 0,
  });
  const { dataUpdatedAt } = payments;
  const fetched = useMemo(() => payments.data?.pages.flatMap(({ items }) => items) ?? [], [payments.data]);
  const ids = useMemo(() => new Set(fetched.map(({ id }) => id)), [fetched]);

  useEffect(() => {
    if (!isLive) dispatch({ type: "refetched" });
    // What is fetched while the stream is live is not newer than the stream.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [dataUpdatedAt]);
  const renew = () =>
    payments.refetch().then(({ isSuccess }) => {
      if (!isSuccess) return;
      dispatch({ type: "renewed", before: live });
      setSkips(({ seen }) => ({ seen, renewed: skips.seen }));
    });
  const renewUnlessHeld = useEffectEvent(() => void renew());
  useEffect(() => {
    // A read that failed is repeated until it succeeds, but what the stream reported before stays until `renew`.
    if (someSkipped && !hold && payments.isSuccess) renewUnlessHeld();
  }, [skips.seen, someSkipped, hold, payments.isSuccess]);

  useLiveEvents((events) => {
    if (events.some(({ type }) => type === "events.skipped")) setSkips(({ seen, renewed }) => ({ seen: seen + 1, renewed }));
    dispatch({ type: "receive", events, list: { filters, fetched: ids, hold } });
    for (const event of events) {
      if (event.type !== "verdict.given") continue;
      const { payment_id, verdict, occurred_at: given_at } = event.data;
      const given = verdict === "withdrawn" ? null : { verdict, reason: null, actor: "", given_at };
      queries.setQueriesData<InfiniteData<PaymentPage>>({ queryKey: paymentsKey }, (data) => data && withVerdict(data, payment_id, given));
    }
  }, BATCH_MS);
  useLiveEvents((events) => {
    const customers = new Set(fetched.map(({ buyer }) => buyer?.customer_id));
    const moved = events.some(
      (event) =>
        event.type === "trust.updated" && MONEY_CAUSES.has(event.data.cause) && customers.has(event.data.customer_id),
    );
    if (moved) void queries.invalidateQueries({ queryKey: paymentsKey });
  }, MONEY_INTERVAL_MS);

  const takesNew = takesNewPayments(filters, person, currentZone());
  const listed = useMemo(() => buildRows(fetched, live, filters, takesNew), [fetched, live, filters, takesNew]);
  // What is not loaded yet is not held.
  if (hold && held === null && payments.isSuccess) setHeld(listed);
  if (!hold && held !== null) setHeld(null);
  const { rows, count } = useMemo(() => {
    if (!hold || held === null) return { rows: listed, count: 0 };
    const all = buildRows(fetched, live, NO_FILTERS, true, Infinity);
    const oldest = payments.hasNextPage ? fetched.at(-1) : undefined;
    return holdRows(held, listed, new Map(all.map((row) => [row.id, row])), oldest);
  }, [hold, held, listed, fetched, live, payments.hasNextPage]);

  return {
    payments,
    rows,
    hasOlder: payments.hasNextPage && rows.length < MAX_ROWS,
    /** How many payments are held. Infinite if the stream has left out too many to count. */
    heldCount: hold && someSkipped ? Infinity : count,
    /** Show the held rows now, and hold those. */
    release: () => {
      if (someSkipped) {
        void renew().then(() => {
          setHeld(null);
        });
      } else setHeld(listed);
    },
  };
}
