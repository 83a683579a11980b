import { type SubmitEvent, useState } from "react";

import { useWords } from "../../i18n/words";
import { CODE_PATTERN } from "../../session/codes";
import { Button } from "../../ui/controls/Button";
import { Field, focusField } from "../../ui/controls/Field";
import { FormError } from "../../ui/states/FormError";
import { Warning } from "../../ui/states/Warning";
import styles from "./AccountPage.module.css";
import { useSecondFactorErrorText } from "./secondFactorError";
import { useTurnOff } from "./useSecondFactor";
import { accountWords } from "./words";

const FEW_CODES = 3;

/** The second factor that is on: how many recovery codes are left, and turning it off. */
export function TurnOff({ codesLeft }: { codesLeft: number }) {
  const words = useWords(accountWords);
  const errorText = useSecondFactorErrorText();
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
        <strong>{words.on}</strong> {words.onText(codesLeft)}
      </p>
      {codesLeft <= FEW_CODES && <Warning>{words.fewCodes}</Warning>}
      {!opened && (
        <Button
          className={styles.action ?? ""}
          onClick={() => {
            setOpened(true);
          }}
        >
          {words.turnOffEllipsis}
        </Button>
      )}
      {opened && (
        <form className={styles.form} onSubmit={submit}>
          {turnOff.isError && <FormError text={errorText(turnOff.error)} />}
          <Field label={words.password}>
            <input ref={focusField} name="password" type="password" autoComplete="current-password" required maxLength={1024} />
          </Field>
          <Field label={words.anyCode}>
            <input name="code" autoComplete="one-time-code" pattern={CODE_PATTERN} title={words.anyCodeTitle} required />
          </Field>
          <div className={styles.actions}>
            <Button look="primary" type="submit" disabled={turnOff.isPending}>
              {turnOff.isPending ? words.turningOff : words.turnOff}
            </Button>
            <Button
              onClick={() => {
                setOpened(false);
                turnOff.reset();
              }}
            >
              {words.cancel}
            </Button>
          </div>
        </form>
      )}
    </>
  );
}
