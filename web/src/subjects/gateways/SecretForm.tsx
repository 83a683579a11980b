import { useState } from "react";

import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Field } from "../../ui/controls/Field";
import { SecretField } from "../../ui/controls/SecretField";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import styles from "./Gateways.module.css";
import type { NewSecret } from "./useGateways";
import { gatewayWords } from "./words";

interface Props {
  /** What the gateway calls its secret. */
  name: string;
  /** A name that no secret has yet. */
  label: string;
  busy: boolean;
  error: Error | null;
  onSave: (secret: NewSecret) => void;
}

/** Type a secret, which is stored and never shown. */
export function SecretForm({ name, label: firstLabel, busy, error, onSave }: Props) {
  const words = useWords(gatewayWords);
  const problemText = useProblemText();
  const [label, setLabel] = useState(firstLabel);
  const [secret, setSecret] = useState("");

  return (
    <form
      className={styles.form}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) onSave({ label, secret: secret.trim() });
      }}
    >
      <SecretField label={name} value={secret} onChange={setSecret} maxLength={500} />
      <Field label={`${words.secret.label} (${words.secret.labelHint})`}>
        <input
          value={label}
          required
          maxLength={100}
          pattern="[^\/]+"
          autoComplete="off"
          onChange={(event) => {
            setLabel(event.target.value);
          }}
        />
      </Field>
      <p className={styles.hint}>{words.secret.hint}</p>
      {error !== null && <FormError text={problemText(error)} />}
      <Button type="submit" look="primary" busy={busy}>
        {words.secret.save}
      </Button>
    </form>
  );
}

/** A name for a new secret: the month, with a number if that is taken. */
export function freeLabel(taken: readonly string[], now = new Date()): string {
  const month = now.toISOString().slice(0, 7);
  let label = month;
  for (let number = 2; taken.includes(label); number++) label = `${month}-${number}`;
  return label;
}
