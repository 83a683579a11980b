import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { ActiveSwitch, SwitchList } from "../../api/types";
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
