import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get, getTagged } from "../../api/client";
import type { ConfiguredDestination, DestinationActivity, DestinationAnswer, DestinationTestAnswer, MetaConfig } from "../../api/types";
import { useAction } from "../../api/useAction";
import { usePollingUnlessLive } from "../../stream/useStream";
import { LIST_KEY } from "./useDestinations";

const KEY = ["destination"];
const PATH = "/api/v1/destinations";

/** A destination as it is configured, with its ETag and without its token. */
export function useDestination(id: string) {
  return useQuery({
    queryKey: [...KEY, id],
    queryFn: ({ signal }) => getTagged<ConfiguredDestination>(`${PATH}/${encodeURIComponent(id)}`, signal),
  });
}

/** Whether a destination's conversions arrive. */
export function useDestinationActivity(id: string) {
  return useQuery({
    ...usePollingUnlessLive(),
    queryKey: [...KEY, id, "activity"],
    queryFn: ({ signal }) => get<DestinationActivity>(`${PATH}/${encodeURIComponent(id)}/activity`, {}, signal),
  });
}

function useReread() {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: LIST_KEY });
    void queries.invalidateQueries({ queryKey: KEY });
  };
}

export interface NewMeta {
  name: string;
  token: string;
  config: MetaConfig;
}

export function useAddMeta(onAdded: (destination: ConfiguredDestination) => void) {
  const reread = useReread();
  return useAction(
    (meta: NewMeta, idempotencyKey) => change<ConfiguredDestination>("POST", PATH, { body: { kind: "meta", ...meta }, idempotencyKey }),
    {
      onSuccess: (destination) => {
        reread();
        onAdded(destination);
      },
    },
  );
}

export interface DestinationChange {
  enabled: boolean;
  /** Replaces the stored token. Without it, that one is kept. */
  token?: string;
  config?: MetaConfig;
}

/** Save a destination. The API refuses with 412 if somebody has changed it since it was read. */
export function useSaveDestination(id: string, onSaved: () => void, onError: (error: Error) => void) {
  const reread = useReread();
  return useAction(
    ({ body, etag }: { body: DestinationChange; etag: string }) =>
      change<ConfiguredDestination>("PUT", `${PATH}/${encodeURIComponent(id)}`, { body, ifMatch: etag }),
    {
      onSuccess: () => {
        reread();
        onSaved();
      },
      onError: (error) => {
        reread();
        onError(error);
      },
    },
  );
}

/** Check the token and the configuration now. Nothing is sent; a hold may end. */
export function useProbe(id: string, onAnswer: (answer: DestinationAnswer) => void) {
  const reread = useReread();
  return useAction(
    (_: undefined, idempotencyKey) => change<DestinationAnswer>("POST", `${PATH}/${encodeURIComponent(id)}/probe`, { idempotencyKey }),
    {
      onSuccess: (answer) => {
        reread();
        onAnswer(answer);
      },
    },
  );
}

/** Send a test event, which Meta counts. */
export function useTestEvent(id: string, onAnswer: (answer: DestinationTestAnswer) => void) {
  return useAction(
    (code: string, idempotencyKey) =>
      change<DestinationTestAnswer>("POST", `${PATH}/${encodeURIComponent(id)}/test`, {
        body: code === "" ? {} : { test_event_code: code },
        idempotencyKey,
      }),
    { onSuccess: onAnswer },
  );
}
