import type { TrustStatus } from "../../api/types";
import { isPreset, type Preset } from "../../ui/controls/range";

export const STATUSES: readonly TrustStatus[] = ["blocked", "allowlisted", "neutral"];
export const TRUSTS = ["20", "40", "60"] as const;

/** What the list shows, as it stands in the address. */
export interface CustomerFilters {
  status: TrustStatus | undefined;
  max_trust: (typeof TRUSTS)[number] | undefined;
  seen: Preset | undefined;
}

/** Read the filters of an address. Unknown values filter nothing. */
export function parseFilters(search: URLSearchParams): CustomerFilters {
  const seen = search.get("seen") ?? "";
  return {
    status: STATUSES.find((each) => each === search.get("status")),
    max_trust: TRUSTS.find((each) => each === search.get("max_trust")),
    seen: isPreset(seen) ? seen : undefined,
  };
}

/** Write filters as the query of an address. */
export function filterQuery(filters: CustomerFilters): Record<string, string> {
  return Object.fromEntries(Object.entries(filters).filter((each): each is [string, string] => each[1] !== undefined));
}
