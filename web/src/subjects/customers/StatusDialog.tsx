import { useState } from "react";

import { useWords } from "../../i18n/words";
import { Field } from "../../ui/controls/Field";
import { Segmented } from "../../ui/controls/Segmented";
import { Confirm } from "../../ui/panel/Dialog";
import styles from "./StatusDialog.module.css";
import { useSetStatus, useStatus } from "./useStatus";
import { customerWords } from "./words";

const DAY_MS = 24 * 3_600_000;
const DAYS = { day: 1, month: 30, quarter: 90 } as const;

type Lasting = keyof typeof DAYS | "always";
type Reason = "fraud" | "chargeback" | "abuse" | "trusted" | "other";

interface Props {
  customerId: string;
  status: "blocked" | "allowlisted";
  onClose: () => void;
}

/** The dialog in which a buyer is blocked or always allowed: consequences, reason and duration. */
export function StatusDialog({ customerId, status, onClose }: Props) {
  const words = useWords(customerWords);
  const texts = status === "blocked" ? words.block : words.allow;
  // What the user saw when the dialog opened: another person's change since then is not overwritten.
  const [seen] = useState(useStatus(customerId).data?.etag);
  const { set } = useSetStatus(customerId);
  const [reason, setReason] = useState<Reason>(status === "blocked" ? "fraud" : "trusted");
  const [text, setText] = useState("");
  const [lasting, setLasting] = useState<Lasting>(status === "blocked" ? "month" : "quarter");

  const { chips } = words.reason;
  const reasons: Partial<Record<Reason, string>> =
    status === "blocked"
      ? { fraud: chips.fraud, chargeback: chips.chargeback, abuse: chips.abuse, other: chips.other }
      : { trusted: chips.trusted, other: chips.other };
  const { day, month, quarter, always } = words.lasting;
  // Always allowing a buyer needs an end.
  const durations: Partial<Record<Lasting, string>> = status === "blocked" ? { day, month, always } : { day, month, quarter };

  const confirm = () => {
    const expiresAt = lasting === "always" ? null : new Date(Date.now() + DAYS[lasting] * DAY_MS).toISOString();
    set({ status, expiresAt, reason: [reason === "other" ? "" : chips[reason], text.trim()].filter(Boolean).join(": ") }, seen);
    onClose();
  };
  return (
    <Confirm title={texts.title} action={texts.action} {...(status === "blocked" && { tone: "bad" as const })} onConfirm={confirm} onClose={onClose}>
      <p>{texts.consequences}</p>
      <div className={styles.choice}>
        <span className={styles.label}>{words.reason.label}</span>
        <Segmented label={words.reason.label} options={reasons as Record<Reason, string>} value={reason} onChange={setReason} />
      </div>
      <Field label={words.reason.text}>
        <input
          value={text}
          required={reason === "other"}
          maxLength={200}
          autoComplete="off"
          onChange={({ target }) => {
            setText(target.value);
          }}
        />
      </Field>
      <p className={styles.hint}>{words.reason.hint}</p>
      <div className={styles.choice}>
        <span className={styles.label}>{words.lasting.label}</span>
        <Segmented label={words.lasting.label} options={durations as Record<Lasting, string>} value={lasting} onChange={setLasting} />
      </div>
    </Confirm>
  );
}
