import { useQuery, useQueryClient } from "@tanstack/react-query";

import { ApiError, change, get } from "../../api/client";
import type { OpenSessions } from "../../api/types";
import { useAction } from "../../api/useAction";

const PATH = "/api/v1/me/sessions";
const KEY = ["account", "sessions"];

export function useSessions() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => (await get<OpenSessions>(PATH, {}, signal)).items,
    refetchOnMount: "always",
  });
}

export function useEndSession(onEnded: () => void, onError: (error: Error) => void) {
  const queries = useQueryClient();
  return useAction(
    (id: string) => change<undefined>("DELETE", `${PATH}/${encodeURIComponent(id)}`).catch(acceptEnded),
    {
      onSuccess: () => {
        onEnded();
        void queries.invalidateQueries({ queryKey: KEY });
      },
      onError,
    },
  );
}

export function useEndOtherSessions(onEnded: () => void) {
  const queries = useQueryClient();
  return useAction<undefined, unknown>(() => change("POST", `${PATH}/end-others`), {
    onSuccess: () => {
      onEnded();
      void queries.invalidateQueries({ queryKey: KEY });
    },
  });
}

/** A session that is gone has ended, elsewhere or by a request whose response was lost. */
function acceptEnded(error: unknown): undefined {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}
