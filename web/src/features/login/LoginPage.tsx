import { useState } from "react";

import { Navigate, useLocation } from "react-router";

import { ApiError } from "../../api/client";
import type { LoginRequest } from "../../api/types";
import { useWords } from "../../i18n/words";
import { type SignInState, useSession, useSignIn } from "../../session/session";
import { Button } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { Logo } from "../../ui/display/Logo";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import { CodeForm } from "./CodeForm";
import { CredentialsForm } from "./CredentialsForm";
import { LanguageSwitch } from "./LanguageSwitch";
import { Locked } from "./Locked";
import styles from "./LoginPage.module.css";
import { ShopChoice } from "./ShopChoice";
import { asksForMore, lockedUntil, type Step, stepAfter } from "./signInSteps";
import { loginWords } from "./words";

const FIRST: Step = { name: "credentials" };

export default function LoginPage() {
  const session = useSession();
  const signIn = useSignIn();
  const words = useWords(loginWords);
  const problemText = useProblemText();
  const { from = "/", ended = false } = (useLocation().state as SignInState | null) ?? {};
  const [step, setStep] = useState<Step>(FIRST);
  const [locked, setLocked] = useState<number | null>(null);

  if (session.data) return <Navigate to={from} replace />;

  const send = (request: LoginRequest) => {
    signIn.mutate(request, {
      onError: (error) => {
        setStep(stepAfter(step, request, error));
        setLocked(lockedUntil(error, Date.now()));
      },
    });
  };
  const { isPending: busy, error } = signIn;
  const refusal = error === null || asksForMore(error) || locked !== null ? null : error;

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Logo size={36} />
        <div>
          <h1 id="sign-in" className={styles.title}>
            {words.title}
          </h1>
          <p className={styles.lead}>{step.name === "credentials" ? words.lead : words.signingInAs(step.credentials.email)}</p>
        </div>
        {ended && step.name === "credentials" && refusal === null && (
          <p role="status" className={styles.notice}>
            <Icon name="clock" />
            {words.ended}
          </p>
        )}
        {locked !== null && (
          <Locked
            until={locked}
            onOver={() => {
              setLocked(null);
              signIn.reset();
            }}
          />
        )}
        {refusal !== null && (
          <FormError text={(refusal instanceof ApiError ? words.errors[refusal.code] : undefined) ?? problemText(refusal)} />
        )}
        {step.name === "credentials" && (
          <CredentialsForm
            busy={busy}
            locked={locked !== null}
            onSubmit={(credentials) => {
              send({ ...credentials, tenant: null, totp: null });
            }}
          />
        )}
        {step.name === "shop" && (
          <ShopChoice
            tenants={step.tenants}
            disabled={busy || locked !== null}
            onChoose={(tenant) => {
              send({ ...step.credentials, tenant, totp: null });
            }}
          />
        )}
        {step.name === "code" && (
          <CodeForm
            busy={busy}
            locked={locked !== null}
            onSubmit={(totp) => {
              send({ ...step.credentials, tenant: step.tenant, totp });
            }}
          />
        )}
        {step.name !== "credentials" && (
          <Button
            look="quiet"
            disabled={busy}
            onClick={() => {
              setStep(FIRST);
              signIn.reset();
            }}
          >
            {words.back}
          </Button>
        )}
      </div>
      <LanguageSwitch />
    </main>
  );
}
