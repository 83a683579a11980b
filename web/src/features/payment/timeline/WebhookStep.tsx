import { useState } from "react";

import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../../api/client";
import type { ReceivedWebhook, WebhookPayload } from "../../../api/types";
import { useAction } from "../../../api/useAction";
import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { Guarded } from "../../../session/Guarded";
import { storyKey } from "../../../subjects/payments/queries";
import { Button } from "../../../ui/controls/Button";
import { JsonView } from "../../../ui/display/JsonView";
import { toast } from "../../../ui/feedback/toasts";
import { useProblemText } from "../../../ui/problems/problemText";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { paymentPageWords } from "../words";

const pathOf = (id: string) => `/api/v1/webhooks/${encodeURIComponent(id)}`;

/** A webhook: what it was answered with, its payload on request, and what reads it again. */
export function WebhookStep({ webhook, paymentId }: { webhook: ReceivedWebhook; paymentId: string }) {
  const words = useWords(paymentPageWords);
  const problemText = useProblemText();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const resend = useAction(
    (_: null, idempotencyKey) => change("POST", `${pathOf(webhook.id)}/resend`, { idempotencyKey }),
    {
      onSuccess: () => {
        toast({ text: words.resent });
        void queries.invalidateQueries({ queryKey: storyKey(paymentId) });
      },
      onError: (error) => {
        toast({ text: words.resendFailed(problemText(error)), tone: "bad" });
      },
    },
  );

  return (
    <>
      <p>
        {words.answered(webhook.status, webhook.deliveries)}
        {webhook.reason !== null && ` ${webhook.reason}`}
      </p>
      <div>
        <Button
          look="quiet"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
          }}
        >
          {words.payload}
        </Button>{" "}
        <Guarded permission="webhooks.resend">
          <Button
            look="quiet"
            busy={resend.isPending}
            onClick={() => {
              resend.start(null);
            }}
          >
            {words.resend}
          </Button>
        </Guarded>
      </div>
      {open && <Payload id={webhook.id} />}
    </>
  );
}

function Payload({ id }: { id: string }) {
  const words = useWords(paymentPageWords);
  const payload = useQuery({
    queryKey: ["webhook", id, "payload"],
    queryFn: ({ signal }) => get<WebhookPayload>(`${pathOf(id)}/payload`, {}, signal),
    staleTime: Infinity,
  });
  const failure = useFailure(payload);

  if (failure !== null) return <Failed what={words.loadingPayload} error={failure} retry={() => void payload.refetch()} />;
  if (!payload.isSuccess) return <Loading what={words.loadingPayload} rows={3} />;
  return <JsonView label={words.payload} value={payload.data.payload} />;
}
