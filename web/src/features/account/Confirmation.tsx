import type { SubmitEvent } from "react";

import { QRCodeSVG } from "qrcode.react";

import type { Enrolment } from "../../api/types";
import { Button } from "../../ui/controls/Button";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { Field, focusField } from "../../ui/controls/Field";
import { FormError } from "../../ui/states/FormError";
import styles from "./AccountPage.module.css";
import { secondFactorErrorText } from "./secondFactorError";
import type { useEnrolment } from "./useSecondFactor";

interface Props {
  enrolment: Enrolment;
  confirm: ReturnType<typeof useEnrolment>["confirm"];
  onCancel: () => void;
}

/** The secret as a QR code and as text, and the code that confirms that the app has it. */
export function Confirmation({ enrolment: { secret, otpauth_uri }, confirm, onCancel }: Props) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    confirm.mutate((new FormData(event.currentTarget).get("code") as string).trim());
  };

  return (
    <>
      <p>Scan the code with an authenticator app, or enter the key into it.</p>
      <div className={styles.secret}>
        <QRCodeSVG value={otpauth_uri} size={184} marginSize={3} title="QR code for your authenticator app" />
        <CopyableCode name="Key" text={secret} />
      </div>
      <form className={styles.form} onSubmit={submit}>
        {confirm.isError && <FormError text={secondFactorErrorText(confirm.error)} />}
        <Field label="Code that the app shows">
          <input
            ref={focusField}
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            pattern=" *[0-9]{6} *"
            title="Six digits"
            required
          />
        </Field>
        <div className={styles.actions}>
          <Button look="primary" type="submit" disabled={confirm.isPending}>
            {confirm.isPending ? "Turning on…" : "Turn on"}
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </form>
    </>
  );
}
