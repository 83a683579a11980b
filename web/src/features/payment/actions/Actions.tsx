import { useState } from "react";

import type { Detection, PaymentStory, RuleHit } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { Guarded } from "../../../session/Guarded";
import { useRefusal } from "../../../session/permissions";
import { isBlocked, SendAnyway } from "../../../subjects/conversions/SendAnyway";
import { BlockButton } from "../../../subjects/customers/BlockButton";
import { useVerdict } from "../../../subjects/payments/useVerdict";
import { paymentWords } from "../../../subjects/payments/words";
import { Button } from "../../../ui/controls/Button";
import { Menu } from "../../../ui/controls/Menu";
import { toast } from "../../../ui/feedback/toasts";
import { useKeys } from "../../../ui/keys/useKeys";
import { paymentPageWords } from "../words";
import styles from "./Actions.module.css";
import { SnoozeRule } from "./SnoozeRule";

/** What can be done about a payment: `a`, `f`, `b`, `s`, `n` and `.` are their keys. */
export function Actions({ story: { payment, conversions }, decision }: { story: PaymentStory; decision: Detection | undefined }) {
  const words = useWords(paymentPageWords);
  const { verdict: verdicts } = useWords(paymentWords);
  const cannotJudge = useRefusal("payments.give_verdicts");
  const cannotSnooze = useRefusal("rules.snooze");
  const { give, isPending } = useVerdict(payment.id, payment.verdict);
  const [snoozed, setSnoozed] = useState<RuleHit | null>(null);
  const { customer_id } = payment;
  const rules = customer_id === null ? [] : (decision?.rules ?? []);
  const [rule] = rules;

  async function copyLink() {
    try {
      await navigator.clipboard.writeText(window.location.href);
      toast({ text: words.copied });
    } catch {
      toast({ text: words.copyFailed, tone: "bad" });
    }
  }

  const key = (name: string, label: string, run: () => void) => ({ key: name, label, run });
  useKeys([
    ...(cannotJudge === undefined
      ? [
          key("a", verdicts.legitimate, () => {
            give("legitimate");
          }),
          key("f", verdicts.fraud, () => {
            give("fraud");
          }),
        ]
      : []),
    ...(rule === undefined || cannotSnooze !== undefined
      ? []
      : [
          key("s", words.snooze, () => {
            setSnoozed(rule);
          }),
        ]),
    key("n", words.note, () => document.querySelector<HTMLElement>("#notes textarea")?.focus()),
    key(".", words.copyLink, () => void copyLink()),
  ]);

  return (
    <div className={styles.actions}>
      <Guarded permission="payments.give_verdicts">
        {(["legitimate", "fraud"] as const).map((verdict) => (
          <Button
            key={verdict}
            aria-pressed={payment.verdict?.verdict === verdict}
            aria-keyshortcuts={verdict === "fraud" ? "f" : "a"}
            disabled={isPending}
            onClick={() => {
              give(verdict);
            }}
          >
            {verdicts[verdict]}
          </Button>
        ))}
        {payment.verdict !== null && (
          <Button
            disabled={isPending}
            onClick={() => {
              give("withdrawn");
            }}
          >
            {verdicts.withdraw}
          </Button>
        )}
      </Guarded>
      {customer_id !== null && <BlockButton customerId={customer_id} />}
      {conversions.items.filter(isBlocked).map(({ id }) => (
        <SendAnyway key={id} id={id} />
      ))}
      <Menu
        label={words.more}
        items={[
          ...rules.map((each) => ({
            label: `${words.snooze}: ${each.name}`,
            disabled: cannotSnooze,
            onSelect: () => {
              setSnoozed(each);
            },
          })),
          { label: words.copyLink, icon: "copy" as const, onSelect: () => void copyLink() },
          {
            label: words.print,
            icon: "book" as const,
            onSelect: () => {
              window.print();
            },
          },
        ]}
      />
      {snoozed !== null && customer_id !== null && (
        <SnoozeRule
          rule={snoozed}
          customerId={customer_id}
          onClose={() => {
            setSnoozed(null);
          }}
        />
      )}
    </div>
  );
}
