import type { SubmitEvent } from "react";

import { useWords } from "../../i18n/words";
import { CODE_PATTERN } from "../../session/codes";
import { Button } from "../../ui/controls/Button";
import { Field, focusField } from "../../ui/controls/Field";
import styles from "./LoginPage.module.css";
import { loginWords } from "./words";

interface Props {
  busy: boolean;
  locked: boolean;
  onSubmit: (code: string) => void;
}

export function CodeForm({ busy, locked, onSubmit }: Props) {
  const words = useWords(loginWords);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSubmit((new FormData(event.currentTarget).get("totp") as string).trim());
  };

  return (
    <form className={styles.step} onSubmit={submit} aria-labelledby="code">
      <h2 id="code" className={styles.question}>
        {words.code.title}
      </h2>
      <Field label={words.code.label}>
        <input
          ref={focusField}
          name="totp"
          autoComplete="one-time-code"
          autoCapitalize="off"
          spellCheck={false}
          pattern={CODE_PATTERN}
          title={words.code.help}
          aria-describedby="code-help"
          required
        />
      </Field>
      <p id="code-help" className={styles.help}>
        {words.code.help}
      </p>
      <Button look="primary" type="submit" disabled={busy || locked} className={styles.submit ?? ""}>
        {busy ? words.busy : words.next}
      </Button>
    </form>
  );
}
