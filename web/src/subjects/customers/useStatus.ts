import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, getTagged, type Tagged } from "../../api/client";
import type { CustomerStatus, StatusAccepted, TrustStatus } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { usePollingUnlessLive } from "../../stream/useStream";
import { toast } from "../../ui/feedback/toasts";
import { formatDateTime } from "../../ui/format/time";
import { useProblemText } from "../../ui/problems/problemText";
import { customerKey } from "./useCustomer";
import { useTrustEvents } from "./useTrustEvents";
import { customerWords } from "./words";

const statusKey = (id: string) => ["customer-status", id];

const path = (id: string) => `/api/v1/customers/${encodeURIComponent(id)}/status`;

/** The status of a customer, with the tag that a change of it needs. It follows the stream. */
export function useStatus(id: string) {
  useTrustEvents(id, statusKey(id));
  return useQuery({
    ...usePollingUnlessLive(),
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
 * The toast of a change that worked offers to undo it. What another person has set meanwhile is never overwritten.
 */
export function useSetStatus(id: string) {
  const queries = useQueryClient();
  const words = useWords(customerWords);
  const problemText = useProblemText();
  const known = () => queries.getQueryData<Tagged<CustomerStatus>>(statusKey(id));

  const show = (value: CustomerStatus | undefined, etag?: string) => {
    const tagged = known();
    if (tagged && value) queries.setQueryData(statusKey(id), { value, etag: etag ?? tagged.etag });
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
        // Its tag is known once it has been read again, after the stream has reported the change.
        show({ ...accepted, set_at: accepted.accepted_at }, "");
        refetch();
        toast({
          text: doneText(accepted),
          tone: "good",
          ...(before && {
            undo: () => {
              restore(before, accepted);
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

  /** `seen` is the tag of the status that the user has seen. */
  function set(next: NewStatus, seen: string | undefined) {
    const before = known()?.value;
    if (before) show({ ...before, status: next.status, expires_at: next.expiresAt, reason: next.reason });
    action.start({ next, before, etag: seen });
  }

  function restore({ status, expires_at, reason }: CustomerStatus, undone: StatusAccepted) {
    const now = known();
    if (now && (now.value.actor !== undone.actor || now.value.status !== undone.status || now.value.reason !== undone.reason)) {
      toast({ text: words.refused(words.changed), tone: "bad" });
      return;
    }
    const next = { status, expiresAt: expires_at, reason: reason ?? words.lift.reason };
    if (now) show({ ...now.value, status, expires_at, reason });
    action.start({ next, before: undefined, etag: now?.etag });
  }

  function doneText({ status, expires_at }: StatusAccepted): string {
    if (status === "neutral") return words.lift.done;
    const until = expires_at === null ? words.lasting.forGood : words.lasting.until(formatDateTime(expires_at));
    return status === "blocked" ? words.block.done(until) : words.allow.done(until);
  }

  return { set, isPending: action.isPending };
}
