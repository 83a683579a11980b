import { useCallback } from "react";

import { useSearchParams } from "react-router";

import { isDecision } from "../../subjects/detections/labels";
import { isGateway } from "../../subjects/gateways/names";
import type { Filters } from "./live/decisions";

/**
 * The filters and the open detection. They are kept in the address, which can be shared.
 * Unknown values in the address filter nothing.
 */
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

  const decision = search.get("decision") ?? "";
  const gateway = search.get("gateway") ?? "";
  return {
    filters: {
      decision: isDecision(decision) ? decision : undefined,
      gateway: isGateway(gateway) ? gateway : undefined,
    } satisfies Filters,
    setFilters: (filters: Partial<Filters>) => {
      change({ ...filters });
    },
    openId: search.get("detection") ?? undefined,
    open,
  };
}
