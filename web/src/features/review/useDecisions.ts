import { change } from "../../api/client";
import type { CaseVerdictAccepted, ReviewCase } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { toast } from "../../ui/feedback/toasts";
import { formatDateTime } from "../../ui/format/time";
import { useProblemText } from "../../ui/problems/problemText";
import { pageWords } from "./words";

const BLOCK_MS = 30 * 24 * 3_600_000;

interface Options {
  /** The case leaves the queue at once. */
  onDecided: (paymentId: string) => void;
  /** It was not decided after all, or undone: the queue is fetched again, and the case shown. */
  onBack: (paymentId: string) => void;
}

interface Decision {
  case: ReviewCase;
  verdict: "fraud" | "legitimate";
  block: boolean;
}

const path = (id: string, action: string) => `/api/v1/review/${encodeURIComponent(id)}/${action}`;

/** Decide a case or put it off. A toast says what happened, and undoes a verdict for as long as it is shown. */
export function useDecisions({ onDecided, onBack }: Options) {
  const words = useWords(pageWords);
  const problemText = useProblemText();
  const refuse = (error: Error, paymentId: string) => {
    toast({ text: words.refused(problemText(error)), tone: "bad" });
    onBack(paymentId);
  };

  const undo = useAction<string, ReviewCase>(
    (paymentId, idempotencyKey) => change("POST", path(paymentId, "undo"), { idempotencyKey }),
    {
      onSuccess: (_, paymentId) => {
        toast({ text: words.undone, tone: "good" });
        onBack(paymentId);
      },
      onError: refuse,
    },
  );
  const verdict = useAction<Decision, CaseVerdictAccepted>(
    ({ case: { payment_id }, verdict: given, block }, idempotencyKey) =>
      change("POST", path(payment_id, "verdict"), {
        idempotencyKey,
        body: {
          verdict: given,
          ...(block && { block_customer: true, block_until: new Date(Date.now() + BLOCK_MS).toISOString() }),
        },
      }),
    {
      onSuccess: ({ payment_id, verdict: given, blocked_customer }) => {
        const done = given === "fraud" ? words.done.fraud : words.done.legitimate;
        toast({
          text: blocked_customer === null ? done : `${done} ${words.blocked}`,
          tone: "good",
          undo: () => {
            undo.start(payment_id);
          },
        });
      },
      onError: (error, { case: { payment_id } }) => {
        refuse(error, payment_id);
      },
    },
  );
  const later = useAction<{ id: string; until: Date }, ReviewCase>(
    ({ id, until }, idempotencyKey) =>
      change("POST", path(id, "later"), { idempotencyKey, body: { until: until.toISOString() } }),
    {
      onSuccess: (_, { until }) => {
        toast({ text: words.putOff(formatDateTime(until.toISOString())), tone: "good" });
      },
      onError: (error, { id }) => {
        refuse(error, id);
      },
    },
  );

  return {
    decide: (decision: Decision) => {
      onDecided(decision.case.payment_id);
      verdict.start(decision);
    },
    putOff: (id: string, until: Date) => {
      onDecided(id);
      later.start({ id, until });
    },
  };
}
