import { type InfiniteData, useQueryClient } from "@tanstack/react-query";

import { ApiError, change } from "../../api/client";
import type { PaymentPage, PaymentStory, PaymentVerdict, VerdictAccepted } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { toast } from "../../ui/feedback/toasts";
import { useProblemText } from "../../ui/problems/problemText";
import { paymentPath, paymentsKey, storyKey } from "./queries";
import { paymentWords } from "./words";

type Given = PaymentStory["payment"]["verdict"];

/**
 * Give a verdict on a payment. It shows at once and can be undone; if the API refuses it, the former one is back, or
 * the one that another person has given meanwhile, which is never overwritten.
 * `current` is the verdict that the payment has.
 */
export function useVerdict(paymentId: string, current: Given) {
  const queries = useQueryClient();
  const words = useWords(paymentWords);
  const problemText = useProblemText();
  const { name } = useIdentity();

  const action = useAction(
    ({ verdict, before }: { verdict: PaymentVerdict; before: Given }, idempotencyKey) =>
      change<VerdictAccepted>("POST", `${paymentPath(paymentId)}/verdict`, {
        body: { verdict, expected: before?.verdict ?? "withdrawn" },
        idempotencyKey,
      }),
    {
      onSuccess: ({ verdict }, { before }) => {
        toast({
          text: words.verdict.done[verdict],
          undo: () => {
            give(before?.verdict ?? "withdrawn", shown(verdict));
          },
        });
      },
      onError: (error, { before }) => {
        show(before);
        if (error instanceof ApiError && error.status === 412) {
          void queries.invalidateQueries({ queryKey: storyKey(paymentId) });
          void queries.invalidateQueries({ queryKey: paymentsKey });
        }
        toast({ text: words.verdict.refused(problemText(error)), tone: "bad" });
      },
    },
  );

  const shown = (verdict: PaymentVerdict): Given =>
    verdict === "withdrawn" ? null : { verdict, reason: null, actor: name, given_at: new Date().toISOString() };

  function show(verdict: Given) {
    queries.setQueryData<PaymentStory>(storyKey(paymentId), (story) => story && { ...story, payment: { ...story.payment, verdict } });
    queries.setQueriesData<InfiniteData<PaymentPage>>({ queryKey: paymentsKey }, (data) => data && withVerdict(data, paymentId, verdict));
  }

  function give(verdict: PaymentVerdict, before: Given) {
    show(shown(verdict));
    action.start({ verdict, before });
  }

  return {
    give: (verdict: PaymentVerdict) => {
      if (verdict !== (current?.verdict ?? "withdrawn")) give(verdict, current);
    },
    isPending: action.isPending,
  };
}

/** Lists with another verdict on a payment. Those that have it already stay the same. */
export function withVerdict(data: InfiniteData<PaymentPage>, id: string, verdict: Given): InfiniteData<PaymentPage> {
  const listed = data.pages.flatMap(({ items }) => items).find((each) => each.id === id);
  if (listed === undefined || listed.verdict?.verdict === verdict?.verdict) return data;
  return {
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      items: page.items.map((each) => (each.id === id ? { ...each, verdict } : each)),
    })),
  };
}
