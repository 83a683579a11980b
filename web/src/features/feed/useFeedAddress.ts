import { useCallback } from "react";

import { useSearchParams } from "react-router";

import { DECISIONS, GATEWAYS } from "../../ui/words";
import type { Filters } from "./live/liveState";

// What the address names and the filter does not know filters nothing.
const isDecision = (value: string | null): value is keyof typeof DECISIONS => value !== null && Object.hasOwn(DECISIONS, value);

/** What is filtered and what is open stands in the address, so that it can be sent to a colleague. */
export function useFeedAddress() {
  const [search, setSearch] = useSearchParams();

  const change = useCallback(
    (changes: Record<string, string | undefined>) => {
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === undefined) next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true, preventScrollReset: true },
      );
    },
    [setSearch],
  );
  const open = useCallback(
    (id: string | undefined) => {
      change({ detection: id });
    },
    [change],
  );

  const decision = search.get("decision");
  const gateway = search.get("gateway");
  return {
    filters: {
      decision: isDecision(decision) ? decision : undefined,
      gateway: gateway !== null && Object.hasOwn(GATEWAYS, gateway) ? gateway : undefined,
    } satisfies Filters,
    filterBy: (filters: Partial<Filters>) => {
      change({ ...filters });
    },
    openedId: search.get("detection") ?? undefined,
    open,
  };
}
