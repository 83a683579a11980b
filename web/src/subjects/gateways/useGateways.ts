import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get, getTagged, type Tagged } from "../../api/client";
import type { GatewayConfiguration, GatewayList, GatewayStats, ReceivedWebhookPage, SampleOutcome, SecretList, ShownSecret } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";

const KEY = ["gateways"];
const UPDATE_INTERVAL_MS = 1_000;
const WAITING_INTERVAL_MS = 3_000;
const RECENT = 50;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const pathOf = (gateway: string) => `/api/v1/gateways/${encodeURIComponent(gateway)}`;

/** Read gateways anew when a webhook arrives, at most once a second. `gateway` limits it to one. */
export function useWebhookEvents(gateway?: string) {
  const queries = useQueryClient();
  useLiveEvents((events) => {
    const arrived = events.some(
      (event) =>
        event.type === "events.skipped" ||
        ((event.type === "webhook.accepted" || event.type === "webhook.refused") && (gateway === undefined || event.data.gateway === gateway)),
    );
    if (arrived) void queries.invalidateQueries({ queryKey: KEY });
  }, UPDATE_INTERVAL_MS);
}

export function useGateways() {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: [...KEY, "list"],
    queryFn: ({ signal }) => get<GatewayList>("/api/v1/gateways", {}, signal),
  });
}

/** The configuration of a gateway, with its ETag. */
export function useGateway(gateway: string) {
  return useQuery({
    queryKey: ["gateway configuration", gateway],
    queryFn: ({ signal }) => getTagged<GatewayConfiguration>(pathOf(gateway), signal),
  });
}

/** The secrets, newest first. They are polled at short intervals while someone waits for the first use of the newest. */
export function useSecrets(gateway: string) {
  const polling = usePollingUnlessLive();
  return useQuery<ShownSecret[]>({
    ...polling,
    refetchInterval: (query) => (awaitsFirstUse(query.state.data) ? WAITING_INTERVAL_MS : polling.refetchInterval(query)),
    queryKey: [...KEY, "secrets", gateway],
    queryFn: async ({ signal }) => (await get<SecretList>(`${pathOf(gateway)}/secrets`, {}, signal)).items,
  });
}

/** Whether a second secret was added that no webhook has used yet. */
const awaitsFirstUse = (secrets: readonly ShownSecret[] = []) => secrets.length > 1 && secrets[0]?.last_used_at === null;

/** Webhooks by hour of the last 24 hours. */
export function useGatewayStats(gateway: string) {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: [...KEY, "stats", gateway],
    queryFn: ({ signal }) => {
      const now = Date.now();
      const from = new Date(Math.floor((now - DAY_MS + HOUR_MS) / HOUR_MS) * HOUR_MS).toISOString();
      return get<GatewayStats>(`${pathOf(gateway)}/stats`, { from, to: new Date(now).toISOString() }, signal);
    },
  });
}

/** The newest webhooks of a gateway, accepted and refused. They are polled at short intervals while someone waits for one. */
export function useRecentWebhooks(gateway: string, waiting = false) {
  const polling = usePollingUnlessLive();
  return useQuery({
    ...polling,
    ...(waiting && { refetchInterval: WAITING_INTERVAL_MS }),
    queryKey: [...KEY, "webhooks", gateway],
    queryFn: ({ signal }) => get<ReceivedWebhookPage>("/api/v1/webhooks", { gateway, limit: RECENT }, signal),
  });
}

export interface NewSecret { label: string; secret: string }
export type GatewayChange = Omit<GatewayConfiguration, "name" | "configured" | "path" | "url" | "reachable"> & { secret?: NewSecret };

/** Save the configuration. The API refuses with 412 if somebody has changed it since it was read. */
export function useSaveGateway(gateway: string, { onSaved, onError }: { onSaved?: () => void; onError?: (error: Error) => void } = {}) {
  const queries = useQueryClient();
  const key = ["gateway configuration", gateway];
  return useAction(
    ({ body, etag }: { body: GatewayChange; etag: string }) =>
      change<GatewayConfiguration>("PUT", pathOf(gateway), { body, ifMatch: etag }),
    {
      onSuccess: () => {
        void queries.invalidateQueries({ queryKey: KEY });
        void queries.invalidateQueries({ queryKey: key });
        onSaved?.();
      },
      // Someone else's change: the new state is shown, and nothing of it is overwritten.
      onError: (error) => {
        void queries.invalidateQueries({ queryKey: key });
        onError?.(error);
      },
    },
  );
}

/** The part of a configuration that is saved. */
export const changeOf = ({ value }: Tagged<GatewayConfiguration>): GatewayChange => ({
  enabled: value.enabled,
  mode: value.mode,
  accept: value.accept,
  allowed_networks: value.allowed_networks,
  timezone: value.timezone,
});

export function useAddSecret(gateway: string, onAdded: () => void) {
  const queries = useQueryClient();
  return useAction(
    (body: NewSecret, idempotencyKey) => change<ShownSecret>("POST", `${pathOf(gateway)}/secrets`, { body, idempotencyKey }),
    {
      onSuccess: () => {
        void queries.invalidateQueries({ queryKey: KEY });
        onAdded();
      },
    },
  );
}

export function useRetireSecret(gateway: string, onRetired: () => void) {
  const queries = useQueryClient();
  return useAction(
    (label: string, idempotencyKey) =>
      change<SecretList>("POST", `${pathOf(gateway)}/secrets/${encodeURIComponent(label)}/retire`, { body: {}, idempotencyKey }),
    {
      onSuccess: ({ items }) => {
        queries.setQueryData([...KEY, "secrets", gateway], items);
        void queries.invalidateQueries({ queryKey: KEY });
        onRetired();
      },
    },
  );
}

/** Send a sample sale through ingest, marked as a test. */
export function useSample(gateway: string, onSent: (outcome: SampleOutcome) => void, onError: (error: Error) => void) {
  const queries = useQueryClient();
  return useAction((_: undefined, idempotencyKey) => change<SampleOutcome>("POST", `${pathOf(gateway)}/sample`, { idempotencyKey }), {
    onSuccess: (outcome) => {
      void queries.invalidateQueries({ queryKey: KEY });
      onSent(outcome);
    },
    onError,
  });
}
