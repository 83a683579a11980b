import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../api/client";
import type { ActiveSwitch, SwitchList } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";

const KEY = ["switches"];
const UPDATE_INTERVAL_MS = 200;

/** The switches that are on, of the tenant and of the platform. */
export function useSwitches() {
  const queries = useQueryClient();
  const polling = usePollingUnlessLive();

  useLiveEvents((events) => {
    const change = events.findLast(({ type }) => type === "switches.changed");
    if (change?.type === "switches.changed") queries.setQueryData<ActiveSwitch[]>(KEY, change.data.items);
  }, UPDATE_INTERVAL_MS);

  return useQuery({
    ...polling,
    queryKey: KEY,
    queryFn: async ({ signal }) => (await get<SwitchList>("/api/v1/switches", {}, signal)).items,
  });
}

/** What a switch of the shop stops: one gateway's webhooks, or sending to one destination. */
export interface Stop { name: "stop_webhooks" | "stop_sending"; target: string }

/** Return the switch that stops something at present, the shop's own or the platform's, for it alone or for all. */
export function useStopOf({ name, target }: Stop): ActiveSwitch | undefined {
  return useSwitches().data?.find((each) => each.name === name && (each.target === null || each.target === target));
}

/** Switch a stop of the shop on, with a message, or off. */
export function useChangeStop({ name, target }: Stop, onChanged: (on: boolean) => void) {
  const queries = useQueryClient();
  return useAction(
    ({ on, message }: { on: boolean; message?: string }) =>
      change<SwitchList>("PUT", "/api/v1/switches", { body: { name, on, target, ...(message !== undefined && { message }) } }),
    {
      onSuccess: ({ items }, { on }) => {
        queries.setQueryData<ActiveSwitch[]>(KEY, items);
        onChanged(on);
      },
    },
  );
}
