import { type SubmitEvent, useState } from "react";

import { Button } from "../../ui/controls/Button";
import { Field, focusField } from "../../ui/controls/Field";
import { FormError } from "../../ui/states/FormError";
import styles from "./AccountPage.module.css";
import { Confirmation } from "./Confirmation";
import { RecoveryCodeList } from "./RecoveryCodeList";
import { secondFactorErrorText } from "./secondFactorError";
import { useEnrolment } from "./useSecondFactor";

/** Turn the second factor on: password, then a code from the app, then the recovery codes. */
export function SetUp({ onBegin, onEnd }: { onBegin: () => void; onEnd: () => void }) {
  const [opened, setOpened] = useState(false);
  const { begin, confirm } = useEnrolment();
  const end = () => {
    setOpened(false);
    begin.reset();
    confirm.reset();
    onEnd();
  };

  if (confirm.isSuccess) return <RecoveryCodeList codes={confirm.data.recovery_codes} onSaved={end} />;
  if (begin.isSuccess) return <Confirmation enrolment={begin.data} confirm={confirm} onCancel={end} />;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    begin.mutate(new FormData(event.currentTarget).get("password") as string, { onSuccess: onBegin });
  };
  return (
    <>
      <p>
        <strong>Off.</strong> Signing in takes only your password. With two-factor authentication it also takes a code from an
        authenticator app, so a stolen password is not enough.
      </p>
      {!opened && (
        <Button
          look="primary"
          className={styles.action ?? ""}
          onClick={() => {
            setOpened(true);
          }}
        >
          Set up
        </Button>
      )}
      {opened && (
        <form className={styles.form} onSubmit={submit}>
          {begin.isError && <FormError text={secondFactorErrorText(begin.error)} />}
          <Field label="Your password">
            <input ref={focusField} name="password" type="password" autoComplete="current-password" required maxLength={1024} />
          </Field>
          <div className={styles.actions}>
            <Button look="primary" type="submit" disabled={begin.isPending}>
              {begin.isPending ? "Checking…" : "Continue"}
            </Button>
            <Button onClick={end}>Cancel</Button>
          </div>
        </form>
      )}
    </>
  );
}
