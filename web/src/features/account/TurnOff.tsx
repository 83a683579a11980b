import { type SubmitEvent, useState } from "react";

import { CODE_PATTERN } from "../../session/codes";
import { Button } from "../../ui/controls/Button";
import { Field, focusField } from "../../ui/controls/Field";
import { FormError } from "../../ui/states/FormError";
import { Warning } from "../../ui/states/Warning";
import styles from "./AccountPage.module.css";
import { secondFactorErrorText } from "./secondFactorError";
import { useTurnOff } from "./useSecondFactor";

const FEW_CODES = 3;

/** The second factor that is on: how many recovery codes are left, and turning it off. */
export function TurnOff({ codesLeft }: { codesLeft: number }) {
  const [opened, setOpened] = useState(false);
  const turnOff = useTurnOff();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    turnOff.mutate({ password: form.get("password") as string, code: (form.get("code") as string).trim() });
  };

  return (
    <>
      <p>
        <strong>On.</strong> Signing in takes your password and a code from your authenticator app. Recovery codes left:{" "}
        {codesLeft}.
      </p>
      {codesLeft <= FEW_CODES && <Warning>To get new recovery codes, turn it off and set it up again.</Warning>}
      {!opened && (
        <Button
          className={styles.action ?? ""}
          onClick={() => {
            setOpened(true);
          }}
        >
          Turn off…
        </Button>
      )}
      {opened && (
        <form className={styles.form} onSubmit={submit}>
          {turnOff.isError && <FormError text={secondFactorErrorText(turnOff.error)} />}
          <Field label="Your password">
            <input ref={focusField} name="password" type="password" autoComplete="current-password" required maxLength={1024} />
          </Field>
          <Field label="Code from your app, or a recovery code">
            <input name="code" autoComplete="one-time-code" pattern={CODE_PATTERN} title="Six digits, or a recovery code" required />
          </Field>
          <div className={styles.actions}>
            <Button look="primary" type="submit" disabled={turnOff.isPending}>
              {turnOff.isPending ? "Turning off…" : "Turn off"}
            </Button>
            <Button
              onClick={() => {
                setOpened(false);
                turnOff.reset();
              }}
            >
              Cancel
            </Button>
          </div>
        </form>
      )}
    </>
  );
}
