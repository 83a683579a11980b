import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, getTagged, type Tagged } from "../../api/client";
import type { CustomerStatus, StatusAccepted, TrustStatus } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { toast } from "../../ui/feedback/toasts";
import { formatDateTime } from "../../ui/format/time";
import { useProblemText } from "../../ui/problems/problemText";
import { customerKey } from "./useCustomer";
import { customerWords } from "./words";

export const statusKey = (id: string) => ["customer-status", id];

const path = (id: string) => `/api/v1/customers/${encodeURIComponent(id)}/status`;

/** The status of a customer, with the tag that a change of it needs. */
export function useStatus(id: string) {
  return useQuery({
    queryKey: statusKey(id),
    queryFn: ({ signal }) => getTagged<CustomerStatus>(path(id), signal),
  });
}

export interface NewStatus {
  status: TrustStatus;
  /** When it ends; null for good. */
  expiresAt: string | null;
  reason: string;
}

/**
 * Set the status of a customer. It shows at once; if the API refuses, the former one comes back, and a toast says why.
 * The toast of a change that worked offers to undo it.
 */
export function useSetStatus(id: string) {
  const queries = useQueryClient();
  const words = useWords(customerWords);
  const problemText = useProblemText();
  const known = () => queries.getQueryData<Tagged<CustomerStatus>>(statusKey(id));

  const show = (value: CustomerStatus | undefined) => {
    const tagged = known();
    if (tagged && value) queries.setQueryData(statusKey(id), { ...tagged, value });
  };
  const refetch = () => {
    // What was set shows in other places once the services have handled it; the stream reports that.
    void queries.invalidateQueries({ queryKey: customerKey(id) });
    void queries.invalidateQueries({ queryKey: ["payment"] });
  };

  const action = useAction<{ next: NewStatus; before: CustomerStatus | undefined; etag?: string | undefined }, StatusAccepted>(
    ({ next, etag }, idempotencyKey) =>
      change<StatusAccepted>("POST", path(id), {
        idempotencyKey,
        ...(etag && { ifMatch: etag }),
        body: { status: next.status, expires_at: next.expiresAt, reason: next.reason },
      }),
    {
      onSuccess: (accepted, { before }) => {
        show({ ...accepted, set_at: accepted.accepted_at });
        refetch();
        toast({
          text: doneText(accepted),
          tone: "good",
          ...(before && {
            undo: () => {
              restore(before);
            },
          }),
        });
      },
      onError: (error, { before }) => {
        show(before);
        void queries.invalidateQueries({ queryKey: statusKey(id) });
        toast({ text: words.refused(problemText(error)), tone: "bad" });
      },
    },
  );

  function set(next: NewStatus) {
    const tagged = known();
    const before = tagged?.value;
    if (before) show({ ...before, status: next.status, expires_at: next.expiresAt, reason: next.reason });
    action.start({ next, before, etag: tagged?.etag });
  }

  function restore({ status, expires_at, reason }: CustomerStatus) {
    action.start({
      next: { status, expiresAt: expires_at, reason: reason ?? words.lift.reason },
      before: undefined,
    });
  }

  function doneText({ status, expires_at }: StatusAccepted): string {
    if (status === "neutral") return words.lift.done;
    const until = expires_at === null ? words.lasting.forGood : words.lasting.until(formatDateTime(expires_at));
    return status === "blocked" ? words.block.done(until) : words.allow.done(until);
  }

  return { set, isPending: action.isPending };
}
