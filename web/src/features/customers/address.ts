import type { TrustStatus } from "../../api/types";
import type { Query } from "../../ui/address/useAddress";
import { isPreset, type Preset } from "../../ui/controls/range";

export const STATUSES: readonly TrustStatus[] = ["blocked", "allowlisted", "neutral"];
export const TRUSTS = ["20", "40", "60"] as const;
const JOB_ID = /^[0-9a-f-]{36}$/;

/** What the list is filtered by. */
export interface CustomerFilters {
  status: TrustStatus | undefined;
  max_trust: (typeof TRUSTS)[number] | undefined;
  seen: Preset | undefined;
}

export interface CustomersAddress extends CustomerFilters {
  /** The job that exports the list. */
  job: string | undefined;
}

export const NO_FILTERS: CustomerFilters = { status: undefined, max_trust: undefined, seen: undefined };

/** What stands in the page's address. Unknown values are left out. */
export const customersAddress = {
  read: (search: URLSearchParams): CustomersAddress => {
    const seen = search.get("seen") ?? "";
    return {
      status: STATUSES.find((each) => each === search.get("status")),
      max_trust: TRUSTS.find((each) => each === search.get("max_trust")),
      seen: isPreset(seen) ? seen : undefined,
      job: JOB_ID.exec(search.get("job") ?? "")?.[0],
    };
  },
  write: (address: CustomersAddress): Query => ({ ...address }),
};
