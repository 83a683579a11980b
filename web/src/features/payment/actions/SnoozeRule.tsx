import { useState } from "react";

import { change } from "../../../api/client";
import type { RuleHit } from "../../../api/types";
import { useAction } from "../../../api/useAction";
import { useWords } from "../../../i18n/words";
import { Field } from "../../../ui/controls/Field";
import { Segmented } from "../../../ui/controls/Segmented";
import { toast } from "../../../ui/feedback/toasts";
import { Confirm } from "../../../ui/panel/Dialog";
import { paymentPageWords } from "../words";

const DAY_MS = 86_400_000;

interface Props {
  rule: RuleHit;
  customerId: string;
  onClose: () => void;
}

/** Ask for how long a rule shall not apply to the buyer. */
export function SnoozeRule({ rule, customerId, onClose }: Props) {
  const words = useWords(paymentPageWords);
  const [days, setDays] = useState<"1" | "7" | "30">("7");
  const [reason, setReason] = useState("");
  const snooze = useAction(
    (until: string, idempotencyKey) =>
      change("POST", `/api/v1/rules/${rule.rule_id}/snoozes`, { body: { customer_id: customerId, until, reason: reason.trim() }, idempotencyKey }),
    {
      onSuccess: () => {
        toast({ text: words.snoozed });
        onClose();
      },
    },
  );

  return (
    <Confirm
      title={words.snoozeTitle(rule.name)}
      action={words.snooze}
      busy={snooze.isPending}
      error={snooze.error}
      onClose={onClose}
      onConfirm={() => {
        snooze.start(new Date(Date.now() + Number(days) * DAY_MS).toISOString());
      }}
    >
      <p>{words.snoozeText}</p>
      <Segmented
        label={words.snoozeFor}
        options={{ "1": words.days(1), "7": words.days(7), "30": words.days(30) }}
        value={days}
        onChange={setDays}
      />
      <Field label={words.reason}>
        <input
          value={reason}
          required
          maxLength={200}
          autoComplete="off"
          onChange={({ target }) => {
            setReason(target.value);
          }}
        />
      </Field>
    </Confirm>
  );
}
