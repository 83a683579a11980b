import { Button } from "../../ui/controls/Button";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { focusField } from "../../ui/controls/Field";
import styles from "./AccountPage.module.css";

/** The recovery codes, which the API returns only once. */
export function RecoveryCodeList({ codes, onSaved }: { codes: readonly string[]; onSaved: () => void }) {
  const text = codes.join("\n");

  return (
    <>
      <h3 ref={focusField} tabIndex={-1} className={styles.heading}>
        Two-factor authentication is on. Save your recovery codes
      </h3>
      <p>
        Each one signs you in once if you lose your authenticator app. Keep them where others cannot see them.{" "}
        <strong>They are not shown again.</strong>
      </p>
      <div className={styles.form}>
        <CopyableCode name="Recovery codes" text={text} />
        <div className={styles.actions}>
          <a
            className={styles.download}
            download="orylo-recovery-codes.txt"
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}
          >
            Download
          </a>
          <Button look="primary" onClick={onSaved}>
            I have saved them
          </Button>
        </div>
      </div>
    </>
  );
}
