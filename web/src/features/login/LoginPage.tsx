import { type SubmitEvent, useState } from "react";

import { Navigate, useLocation } from "react-router";

import { useSession, useSignIn } from "../../session/session";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Logo } from "../../ui/Logo";
import styles from "./LoginPage.module.css";
import { type ExtraField, extraFieldOf, refusalInWords } from "./refusals";

export function LoginPage() {
  const session = useSession();
  const signIn = useSignIn();
  const location = useLocation();
  // Stays once asked for: the next attempt clears the error that asked.
  const [asked, setAsked] = useState<readonly ExtraField[]>([]);

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
          const field = extraFieldOf(error);
          if (field !== undefined && !asked.includes(field)) setAsked([...asked, field]);
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
        {asked.includes("tenant") && (
          <label className={styles.field}>
            Account
            <input name="tenant" pattern="[a-z0-9\-]+" required maxLength={64} autoCapitalize="none" />
          </label>
        )}
        {asked.includes("totp") && (
          <label className={styles.field}>
            Code from your authenticator
            <input name="totp" inputMode="numeric" autoComplete="one-time-code" pattern="[0-9]{6}" required />
          </label>
        )}
        <Button look="primary" type="submit" disabled={signIn.isPending} className={styles.submit}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </main>
  );
}
