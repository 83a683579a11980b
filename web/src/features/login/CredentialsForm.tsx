import type { SubmitEvent } from "react";

import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Field } from "../../ui/controls/Field";
import styles from "./LoginPage.module.css";
import type { Credentials } from "./signInSteps";
import { loginWords } from "./words";

interface Props {
  busy: boolean;
  locked: boolean;
  onSubmit: (credentials: Credentials) => void;
}

export function CredentialsForm({ busy, locked, onSubmit }: Props) {
  const words = useWords(loginWords);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onSubmit({ email: (form.get("email") as string).trim(), password: form.get("password") as string });
  };

  return (
    <form className={styles.step} onSubmit={submit} aria-labelledby="sign-in">
      <Field label={words.email}>
        <input name="email" type="email" autoComplete="username" required maxLength={254} />
      </Field>
      <Field label={words.password}>
        <input name="password" type="password" autoComplete="current-password" required maxLength={1024} />
      </Field>
      <Button look="primary" type="submit" disabled={busy || locked} className={styles.submit ?? ""}>
        {busy ? words.busy : words.next}
      </Button>
    </form>
  );
}
