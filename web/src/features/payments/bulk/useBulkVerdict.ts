import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change } from "../../../api/client";
import type { BulkVerdictResult, PaymentVerdict } from "../../../api/types";
import { useAction } from "../../../api/useAction";
import { useWords } from "../../../i18n/words";
import { paymentsKey } from "../../../subjects/payments/queries";
import { toast } from "../../../ui/feedback/toasts";
import { useProblemText } from "../../../ui/problems/problemText";
import { paymentsWords } from "../words";

const PATH = "/api/v1/payments/bulk";
/** The most payments that the API takes at once. */
export const MOST = 500;

interface Given {
  ids: readonly string[];
  verdict: PaymentVerdict;
  /** The verdict that each payment has as the person sees it. One with another is left alone. */
  expected: Readonly<Record<string, PaymentVerdict>>;
}

/** Count what a verdict on these payments would change. */
export function useCount(given: Given) {
  return useQuery({
    queryKey: ["bulk", given],
    queryFn: () => change<BulkVerdictResult>("POST", PATH, { body: { ...given, dry_run: true } }),
    gcTime: 0,
  });
}

/** Give a verdict on many payments. Undo withdraws it from those that had none. */
export function useBulkVerdict(onDone: () => void) {
  const queries = useQueryClient();
  const { bulk: words } = useWords(paymentsWords);
  const problemText = useProblemText();
  const action = useAction(
    (body: Given, idempotencyKey) => change<BulkVerdictResult>("POST", PATH, { body, idempotencyKey }),
    {
      onSuccess: ({ given, stale, results }, { verdict, expected }) => {
        const changed = results.filter(({ outcome }) => outcome === "given").map(({ id }) => id);
        const undoable = verdict !== "withdrawn" && changed.length > 0 && changed.every((id) => expected[id] === "withdrawn");
        toast({
          text: stale === 0 ? words.done(given) : `${words.done(given)} ${words.stale(stale)}`,
          ...(undoable && {
            undo: () => {
              action.start({ ids: changed, verdict: "withdrawn", expected: Object.fromEntries(changed.map((id) => [id, verdict])) });
            },
          }),
        });
        void queries.invalidateQueries({ queryKey: paymentsKey });
        onDone();
      },
      onError: (error) => {
        toast({ text: words.failed(problemText(error)), tone: "bad" });
      },
    },
  );
  return action;
}
