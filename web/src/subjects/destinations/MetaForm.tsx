import { useState } from "react";

import type { MetaConfig } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Field } from "../../ui/controls/Field";
import { SecretField } from "../../ui/controls/SecretField";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import styles from "./Destinations.module.css";
import { destinationWords } from "./words";

interface Props {
  /** The stored configuration; undefined for a new destination. */
  stored?: MetaConfig;
  action: string;
  busy: boolean;
  error: Error | null;
  /** `token` is empty if the stored one is kept. */
  onSave: (config: MetaConfig, token: string) => void;
}

/** The configuration of a Meta destination. The token is written and never shown. */
export function MetaForm({ stored, action, busy, error, onSave }: Props) {
  const { form } = useWords(destinationWords);
  const problemText = useProblemText();
  const [dataset, setDataset] = useState(stored?.pixel_id ?? "");
  const [token, setToken] = useState("");
  const [code, setCode] = useState(stored?.test_event_code ?? "");
  const [site, setSite] = useState(stored?.site_url ?? "");

  return (
    <form
      className={styles.form}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (busy) return;
        onSave({ pixel_id: dataset.trim(), test_event_code: code.trim() || null, site_url: site.trim() || null }, token.trim());
      }}
    >
      <Text label={form.dataset} hint={form.datasetHint} value={dataset} onChange={setDataset} pattern="\s*[0-9]{1,32}\s*" required />
      <div>
        <SecretField
          label={stored === undefined ? form.token : form.newToken}
          value={token}
          onChange={setToken}
          maxLength={1000}
          required={stored === undefined}
        />
        <p className={styles.hint}>
          {form.tokenHint} {stored !== undefined && form.keepToken}
        </p>
      </div>
      <Text label={form.testCode} hint={form.testCodeHint} value={code} onChange={setCode} pattern="\s*[A-Za-z0-9_\-]{1,40}\s*" />
      <Text label={form.site} hint={form.siteHint} value={site} onChange={setSite} type="url" />
      {error !== null && <FormError text={problemText(error)} />}
      <Button type="submit" look="primary" busy={busy}>
        {action}
      </Button>
    </form>
  );
}

interface TextProps {
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
  pattern?: string;
  required?: boolean;
  type?: "text" | "url";
}

function Text({ label, hint, onChange, type = "text", ...rest }: TextProps) {
  return (
    <div>
      <Field label={label}>
        <input
          {...rest}
          type={type}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      </Field>
      <p className={styles.hint}>{hint}</p>
    </div>
  );
}
