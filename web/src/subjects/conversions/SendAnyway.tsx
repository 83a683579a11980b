import { useState } from "react";

import { change } from "../../api/client";
import type { Conversion } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { Button } from "../../ui/controls/Button";
import { Textarea } from "../../ui/controls/Textarea";
import { toast } from "../../ui/feedback/toasts";
import { Confirm } from "../../ui/panel/Dialog";
import { conversionWords } from "./words";

const MOST_CHARACTERS = 500;

/** Whether a conversion is kept back only because its payment is blocked. */
export const isBlocked = ({ status, reason }: Pick<Conversion, "status" | "reason">): boolean =>
  status === "suppressed" && reason === "blocked";

/** Send the conversion of a blocked payment, after a reason and a warning. */
export function SendAnyway({ id }: { id: string }) {
  const { sendAnyway: words } = useWords(conversionWords);
  const [asking, setAsking] = useState(false);

  return (
    <Guarded permission="conversions.send_blocked">
      <Button
        onClick={() => {
          setAsking(true);
        }}
      >
        {words.open}
      </Button>
      {asking && (
        <Ask
          id={id}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </Guarded>
  );
}

function Ask({ id, onClose }: { id: string; onClose: () => void }) {
  const { sendAnyway: words } = useWords(conversionWords);
  const [reason, setReason] = useState("");
  const given = reason.trim();
  const send = useAction(
    (why: string, idempotencyKey) => change<Conversion>("POST", `/api/v1/conversions/${id}/send`, { body: { reason: why }, idempotencyKey }),
    {
      onSuccess: () => {
        toast({ text: words.done });
        onClose();
      },
    },
  );

  return (
    <Confirm
      title={words.title}
      action={words.action}
      tone="bad"
      busy={send.isPending}
      error={send.error}
      onClose={onClose}
      onConfirm={() => {
        if (given !== "") send.start(given);
      }}
    >
      <p>{words.text}</p>
      <p>{words.limit}</p>
      <Textarea label={words.reason} value={reason} maxLength={MOST_CHARACTERS} rows={2} onChange={setReason} />
    </Confirm>
  );
}
