import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../api/client";
import type {
  BulkPlan,
  DeadLetter,
  DeadLetterGroups,
  DeadLetterPage,
  ProblemSummary,
  Quarantined,
  QuarantineGroups,
  QuarantinePage,
  RejectionGroups,
  RejectionPage,
} from "../../api/types";
import { useAction } from "../../api/useAction";
import { usePollingUnlessLive, useLiveEvents } from "../../stream/useStream";
import type { ProblemKind } from "./address";

const KEY = ["problems"];
const UPDATE_INTERVAL_MS = 2_000;
const PAGE_SIZE = 50;

export type Filters = Readonly<Record<string, string>>;
export interface GroupsByKind {
  "dead-letters": DeadLetterGroups;
  quarantine: QuarantineGroups;
  rejections: RejectionGroups;
}
export interface PageByKind {
  "dead-letters": DeadLetterPage;
  quarantine: QuarantinePage;
  rejections: RejectionPage;
}

/** Kinds whose entries can be opened and settled one at a time. */
export type SettledKind = Exclude<ProblemKind, "rejections">;
export type ItemOf<Kind extends SettledKind> = Kind extends "quarantine" ? Quarantined : DeadLetter;

const EVENTS: readonly string[] = ["dead_letter.created", "webhook.refused", "webhook.accepted", "events.skipped"];

/** Read all problems anew: something was settled, or a new one was set aside. */
export function useRefresh() {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: KEY });
}

/** Follow the stream: what is set aside appears within two seconds. */
export function useProblemEvents() {
  const refresh = useRefresh();
  useLiveEvents((events) => {
    const concerns = events.some((event) =>
      event.type === "webhook.accepted" ? event.data.state === "quarantined" || event.data.state === "conflict" : EVENTS.includes(event.type),
    );
    if (concerns) refresh();
  }, UPDATE_INTERVAL_MS);
}

export function useProblemSummary() {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: [...KEY, "summary"],
    queryFn: ({ signal }) => get<ProblemSummary>("/api/v1/problems/summary", {}, signal),
  });
}

export function useGroups<Kind extends ProblemKind>(kind: Kind, filters: Filters, enabled: boolean) {
  return useQuery({
    ...usePollingUnlessLive(),
    enabled,
    placeholderData: keepPreviousData,
    queryKey: [...KEY, "groups", kind, filters],
    queryFn: ({ signal }) => get<GroupsByKind[Kind]>(`/api/v1/${kind}/groups`, filters, signal),
  });
}

/** The filters that the list of single entries has, which are fewer than those of the groups. */
const LIST_FILTERS: Record<ProblemKind, readonly string[]> = {
  "dead-letters": ["source"],
  quarantine: ["gateway", "kind", "from", "to"],
  rejections: ["gateway", "code", "from", "to"],
};

export function useEntries<Kind extends ProblemKind>(kind: Kind, filters: Filters, enabled: boolean) {
  const parameters = Object.fromEntries(Object.entries(filters).filter(([name]) => LIST_FILTERS[kind].includes(name)));
  return useInfiniteQuery({
    enabled,
    queryKey: [...KEY, "entries", kind, parameters],
    queryFn: ({ signal, pageParam }) =>
      get<PageByKind[Kind]>(`/api/v1/${kind}`, { ...parameters, limit: PAGE_SIZE, ...(pageParam !== "" && { cursor: pageParam }) }, signal),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
}

export function useItem<Kind extends SettledKind>(kind: Kind, id: string) {
  return useQuery({
    queryKey: [...KEY, "item", kind, id],
    queryFn: ({ signal }) => get<ItemOf<Kind>>(`/api/v1/${kind}/${id}`, {}, signal),
  });
}

export type BulkAction = BulkPlan["action"];

/** Count what an action on many would do. It changes nothing. */
export function useBulkPlan(kind: SettledKind, action: BulkAction, filter: Filters) {
  return useQuery({
    queryKey: ["bulk plan", kind, action, filter],
    queryFn: () => change<BulkPlan>("POST", `/api/v1/${kind}/bulk`, { body: { action, filter, dry_run: true } }),
    gcTime: 0,
    staleTime: Infinity,
  });
}

export function useBulk(kind: SettledKind, onStart: (plan: BulkPlan) => void) {
  return useAction(
    (body: { action: BulkAction; filter: Filters; expected: number; reason?: string }, idempotencyKey) =>
      change<BulkPlan>("POST", `/api/v1/${kind}/bulk`, { body, idempotencyKey }),
    { onSuccess: onStart },
  );
}

/** Replay or discard one entry. */
export function useSettle(kind: SettledKind, id: string, onSettled: (action: BulkAction) => void) {
  const refresh = useRefresh();
  return useAction(
    ({ action, reason }: { action: BulkAction; reason?: string }, idempotencyKey) =>
      change("POST", `/api/v1/${kind}/${id}/${action}`, { idempotencyKey, ...(reason !== undefined && { body: { reason } }) }),
    {
      onSuccess: (_, { action }) => {
        refresh();
        onSettled(action);
      },
    },
  );
}
