import { type SubmitEvent, useState } from "react";

import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Field, focusField } from "../../ui/controls/Field";
import { FormError } from "../../ui/states/FormError";
import styles from "./AccountPage.module.css";
import { Confirmation } from "./Confirmation";
import { RecoveryCodeList } from "./RecoveryCodeList";
import { useSecondFactorErrorText } from "./secondFactorError";
import { useEnrolment } from "./useSecondFactor";
import { accountWords } from "./words";

/** Turn the second factor on: password, then a code from the app, then the recovery codes. */
export function SetUp({ onBegin, onEnd }: { onBegin: () => void; onEnd: () => void }) {
  const words = useWords(accountWords);
  const errorText = useSecondFactorErrorText();
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
        <strong>{words.off}</strong> {words.offText}
      </p>
      {!opened && (
        <Button
          look="primary"
          className={styles.action ?? ""}
          onClick={() => {
            setOpened(true);
          }}
        >
          {words.setUp}
        </Button>
      )}
      {opened && (
        <form className={styles.form} onSubmit={submit}>
          {begin.isError && <FormError text={errorText(begin.error)} />}
          <Field label={words.password}>
            <input ref={focusField} name="password" type="password" autoComplete="current-password" required maxLength={1024} />
          </Field>
          <div className={styles.actions}>
            <Button look="primary" type="submit" disabled={begin.isPending}>
              {begin.isPending ? words.checking : words.next}
            </Button>
            <Button onClick={end}>{words.cancel}</Button>
          </div>
        </form>
      )}
    </>
  );
}
