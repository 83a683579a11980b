import { useQueryClient } from "@tanstack/react-query";

import { change } from "../../../api/client";
import { useAction } from "../../../api/useAction";
import { useWords } from "../../../i18n/words";
import { Guarded } from "../../../session/Guarded";
import { storyKey } from "../../../subjects/payments/queries";
import { Button } from "../../../ui/controls/Button";
import { toast } from "../../../ui/feedback/toasts";
import { useProblemText } from "../../../ui/problems/problemText";
import { paymentPageWords } from "../words";

/** Send a failed conversion again. */
export function Retry({ conversionId, paymentId }: { conversionId: string; paymentId: string }) {
  const words = useWords(paymentPageWords);
  const problemText = useProblemText();
  const queries = useQueryClient();
  const retry = useAction(
    (id: string, idempotencyKey) => change("POST", "/api/v1/conversions/retry", { body: { ids: [id] }, idempotencyKey }),
    {
      onSuccess: () => {
        toast({ text: words.retried });
        void queries.invalidateQueries({ queryKey: storyKey(paymentId) });
      },
      onError: (error) => {
        toast({ text: words.retryFailed(problemText(error)), tone: "bad" });
      },
    },
  );

  return (
    <div>
      <Guarded permission="dead_letters.settle">
        <Button
          busy={retry.isPending}
          onClick={() => {
            retry.start(conversionId);
          }}
        >
          {words.retry}
        </Button>
      </Guarded>
    </div>
  );
}
