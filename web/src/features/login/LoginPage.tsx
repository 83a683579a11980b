import { type SubmitEvent, useState } from "react";

import { Navigate, useLocation } from "react-router";

import type { TenantName } from "../../api/types";
import { useSession, useSignIn } from "../../session/session";
import { Button } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { Logo } from "../../ui/display/Logo";
import styles from "./LoginPage.module.css";
import { asksForCode, refusalInWords, tenantsIn } from "./signInError";

/** What is asked for in addition is what to fill in next. */
const focus = (field: HTMLElement | null) => field?.focus();

export function LoginPage() {
  const session = useSession();
  const signIn = useSignIn();
  const location = useLocation();
  // Both stay once asked for: the next attempt clears the error that asked.
  const [tenants, setTenants] = useState<readonly TenantName[]>([]);
  const [codeAsked, setCodeAsked] = useState(false);

  if (session.data) return <Navigate to={(location.state as { from?: string } | null)?.from ?? "/"} replace />;

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (name: string) => (form.get(name) as string | null)?.trim() ?? null;
    signIn.mutate(
      {
        email: given("email") ?? "",
        password: form.get("password") as string,
        tenant: given("tenant"),
        totp: given("totp"),
      },
      {
        onError: (error) => {
          const several = tenantsIn(error);
          if (several.length > 0) setTenants(several);
          if (asksForCode(error)) setCodeAsked(true);
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
        {signIn.isError && (
          <p role="alert" className={styles.refused}>
            <Icon name="alert" />
            <span>{refusalInWords(signIn.error)}</span>
          </p>
        )}
        <label className={styles.field}>
          E-mail
          <input name="email" type="email" autoComplete="username" required maxLength={254} />
        </label>
        <label className={styles.field}>
          Password
          <input name="password" type="password" autoComplete="current-password" required maxLength={1024} />
        </label>
        {tenants.length > 0 && (
          <label className={styles.field}>
            Account
            <select ref={focus} name="tenant" required defaultValue="">
              <option value="" disabled>
                Choose…
              </option>
              {tenants.map(({ slug, name }) => (
                <option key={slug} value={slug}>
                  {name === slug ? name : `${name} (${slug})`}
                </option>
              ))}
            </select>
          </label>
        )}
        {codeAsked && (
          <label className={styles.field}>
            Code from your authenticator
            <input ref={focus} name="totp" inputMode="numeric" autoComplete="one-time-code" pattern="[0-9]{6}" required />
          </label>
        )}
        <Button look="primary" type="submit" disabled={signIn.isPending} className={styles.submit}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </main>
  );
}
