import { useState } from "react";

import type { Tagged } from "../../api/client";
import type { ConfiguredDestination } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { MetaForm } from "../../subjects/destinations/MetaForm";
import { destinationWords } from "../../subjects/destinations/words";
import { Button } from "../../ui/controls/Button";
import { SecretField } from "../../ui/controls/SecretField";
import { toast } from "../../ui/feedback/toasts";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import styles from "./Destinations.module.css";
import { metaOf } from "./meta";
import { useSaving } from "./useSaving";
import { destinationPageWords } from "./words";

/** Change a destination's configuration or token. */
export function SettingsSection({ destination: { value, etag } }: { destination: Tagged<ConfiguredDestination> }) {
  const words = useWords(destinationPageWords);
  const { form } = useWords(destinationWords);
  const save = useSaving(value.id, () => {
    toast({ text: words.saved, tone: "good" });
  });
  const meta = metaOf(value);

  return (
    <Guarded permission="destinations.change">
      {meta === undefined ? (
        <KeyForm
          busy={save.isPending}
          error={save.error}
          onSave={(token) => {
            save.start({ body: { enabled: value.enabled, token }, etag });
          }}
        />
      ) : (
        <MetaForm
          stored={meta}
          action={form.save}
          busy={save.isPending}
          error={save.error}
          onSave={(config, token) => {
            save.start({ body: { enabled: value.enabled, config, ...(token !== "" && { token }) }, etag });
          }}
        />
      )}
    </Guarded>
  );
}

interface KeyFormProps {
  busy: boolean;
  error: Error | null;
  onSave: (token: string) => void;
}

function KeyForm({ busy, error, onSave }: KeyFormProps) {
  const words = useWords(destinationPageWords);
  const problemText = useProblemText();
  const [token, setToken] = useState("");

  return (
    <form
      className={styles.activity}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) onSave(token.trim());
      }}
    >
      <p>{words.stripe.text}</p>
      <SecretField label={words.stripe.key} value={token} onChange={setToken} maxLength={1000} />
      {error !== null && <FormError text={problemText(error)} />}
      <Button type="submit" look="primary" busy={busy}>
        {words.stripe.save}
      </Button>
    </form>
  );
}
