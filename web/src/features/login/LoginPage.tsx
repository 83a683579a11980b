import { type SubmitEvent, useState } from "react";

import { Navigate, useLocation } from "react-router";

import type { TenantName } from "../../api/types";
import { CODE_PATTERN } from "../../session/codes";
import { useSession, useSignIn } from "../../session/session";
import { Button } from "../../ui/controls/Button";
import { Field, focusField } from "../../ui/controls/Field";
import { Logo } from "../../ui/display/Logo";
import { FormError } from "../../ui/states/FormError";
import styles from "./LoginPage.module.css";
import { accountsOf, isCodeRequired, signInErrorText } from "./signInError";

export default function LoginPage() {
  const session = useSession();
  const signIn = useSignIn();
  const location = useLocation();
  // Kept in state, because the next attempt clears the error that required them.
  const [accounts, setAccounts] = useState<readonly TenantName[]>([]);
  const [codeRequired, setCodeRequired] = useState(false);

  if (session.data) return <Navigate to={(location.state as { from?: string } | null)?.from ?? "/"} replace />;

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => (form.get(name) as string | null)?.trim() ?? null;
    signIn.mutate(
      {
        email: field("email") ?? "",
        password: form.get("password") as string,
        tenant: field("tenant"),
        totp: field("totp"),
      },
      {
        onError: (error) => {
          const choices = accountsOf(error);
          if (choices.length > 0) setAccounts(choices);
          if (isCodeRequired(error)) setCodeRequired(true);
        },
      },
    );
  };

  return (
    <main className={styles.page}>
      <form className={styles.card} onSubmit={submit} aria-labelledby="sign-in">
        <Logo size={36} />
        <div>
          <h1 id="sign-in" className={styles.title}>
            Sign in to Orylo
          </h1>
          <p className={styles.lead}>Payments, decisions and conversions as they happen.</p>
        </div>
        {signIn.isError && <FormError text={signInErrorText(signIn.error)} />}
        <Field label="Email">
          <input name="email" type="email" autoComplete="username" required maxLength={254} />
        </Field>
        <Field label="Password">
          <input name="password" type="password" autoComplete="current-password" required maxLength={1024} />
        </Field>
        {accounts.length > 0 && (
          <Field label="Account">
            <select ref={focusField} name="tenant" required defaultValue="">
              <option value="" disabled>
                Choose…
              </option>
              {accounts.map(({ slug, name }) => (
                <option key={slug} value={slug}>
                  {name === slug ? name : `${name} (${slug})`}
                </option>
              ))}
            </select>
          </Field>
        )}
        {codeRequired && (
          <Field label="Code from your authenticator app">
            <input
              ref={focusField}
              name="totp"
              autoComplete="one-time-code"
              pattern={CODE_PATTERN}
              title="The six digits that your app shows, or a recovery code"
              required
            />
          </Field>
        )}
        <Button look="primary" type="submit" disabled={signIn.isPending} className={styles.submit}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </main>
  );
}
