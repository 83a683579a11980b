import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change } from "../../../api/client";
import type { BulkPlan } from "../../../api/types";
import { useAction } from "../../../api/useAction";
import { useWords } from "../../../i18n/words";
import { toast } from "../../../ui/feedback/toasts";
import { useProblemText } from "../../../ui/problems/problemText";
import { conversionsWords } from "../words";

const PATH = "/api/v1/conversions/retry";

interface Selection {
  ids?: string[];
  filter?: { cause?: string };
  /** How many were counted before. Another number now is refused. */
  expected?: number;
}

/** Every failed conversion, or those that failed for one cause. */
const failed = (cause: string | undefined): Selection => ({ filter: { ...(cause !== undefined && { cause }) } });

/** Count what would be sent again, without doing it. */
export function useRetryPlan(cause: string | undefined) {
  return useQuery({
    queryKey: ["conversion-retry-plan", cause],
    queryFn: () => change<BulkPlan>("POST", PATH, { body: { ...failed(cause), dry_run: true } }),
    // Each opened dialog counts anew.
    gcTime: 0,
    staleTime: 0,
  });
}

/** Send failed conversions again, by a job. */
export function useRetryAll(cause: string | undefined, onStart: (plan: BulkPlan) => void) {
  return useAction((expected: number, idempotencyKey) => send({ ...failed(cause), expected }, idempotencyKey), { onSuccess: onStart });
}

/** Send one again, and say at once what came of it. */
export function useRetry() {
  const queries = useQueryClient();
  const words = useWords(conversionsWords);
  const problemText = useProblemText();
  return useAction((selection: Selection, idempotencyKey) => send(selection, idempotencyKey), {
    onSuccess: ({ count, cannot: [obstacle] }) => {
      if (count > 0) toast({ text: words.retrying });
      else toast({ text: obstacle === undefined ? words.retryNone : words.cannot[obstacle.reason](obstacle.count), tone: "bad" });
      void queries.invalidateQueries({ queryKey: ["conversion"] });
    },
    onError: (error) => {
      toast({ text: problemText(error), tone: "bad" });
    },
  });
}

const send = (selection: Selection, idempotencyKey: string) =>
  change<BulkPlan>("POST", PATH, { body: selection, idempotencyKey });
