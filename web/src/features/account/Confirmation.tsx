import type { SubmitEvent } from "react";

import { QRCodeSVG } from "qrcode.react";

import type { Enrolment } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { Field, focusField } from "../../ui/controls/Field";
import { FormError } from "../../ui/states/FormError";
import styles from "./AccountPage.module.css";
import { useSecondFactorErrorText } from "./secondFactorError";
import type { useEnrolment } from "./useSecondFactor";
import { accountWords } from "./words";

interface Props {
  enrolment: Enrolment;
  confirm: ReturnType<typeof useEnrolment>["confirm"];
  onCancel: () => void;
}

/** The secret as a QR code and as text, and the code that confirms that the app has it. */
export function Confirmation({ enrolment: { secret, otpauth_uri }, confirm, onCancel }: Props) {
  const words = useWords(accountWords);
  const errorText = useSecondFactorErrorText();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    confirm.mutate((new FormData(event.currentTarget).get("code") as string).trim());
  };

  return (
    <>
      <p>{words.scan}</p>
      <div className={styles.secret}>
        <QRCodeSVG value={otpauth_uri} size={184} marginSize={3} title={words.qrCode} />
        <CopyableCode name={words.key} text={secret} />
      </div>
      <form className={styles.form} onSubmit={submit}>
        {confirm.isError && <FormError text={errorText(confirm.error)} />}
        <Field label={words.appCode}>
          <input
            ref={focusField}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            pattern=" *[0-9]{6} *"
            title={words.sixDigits}
            required
          />
        </Field>
        <div className={styles.actions}>
          <Button look="primary" type="submit" disabled={confirm.isPending}>
            {confirm.isPending ? words.turningOn : words.turnOn}
          </Button>
          <Button onClick={onCancel}>{words.cancel}</Button>
        </div>
      </form>
    </>
  );
}
