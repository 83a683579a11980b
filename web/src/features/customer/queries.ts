import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { CustomerLinks, NotePage, ScoreLedger, Timeline } from "../../api/types";
import { usePollingUnlessLive } from "../../stream/useStream";

const path = (id: string, part: string) => `/api/v1/customers/${encodeURIComponent(id)}/${part}`;

/** The changes of score that the chart has points for. */
export const MAX_ENTRIES = 100;

export const ledgerKey = (id: string) => ["customer-ledger", id];
export const timelineKey = (id: string) => ["customer-timeline", id];
export const notesKey = (id: string) => ["customer-notes", id];

export function useLedger(id: string) {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: ledgerKey(id),
    queryFn: ({ signal }) => get<ScoreLedger>(path(id, "ledger"), { limit: MAX_ENTRIES }, signal),
  });
}

export function useLinks(id: string) {
  return useQuery({
    queryKey: ["customer-links", id],
    queryFn: ({ signal }) => get<CustomerLinks>(path(id, "links"), {}, signal),
  });
}

export function useTimeline(id: string) {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: timelineKey(id),
    queryFn: ({ signal }) => get<Timeline>(path(id, "timeline"), { limit: 50 }, signal),
  });
}

export function useNotes(id: string) {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: notesKey(id),
    queryFn: ({ signal }) => get<NotePage>(path(id, "notes"), { limit: 50 }, signal),
  });
}
