import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { focusField } from "../../ui/controls/Field";
import styles from "./AccountPage.module.css";
import { accountWords } from "./words";

/** The recovery codes, which the API returns only once. */
export function RecoveryCodeList({ codes, onSaved }: { codes: readonly string[]; onSaved: () => void }) {
  const { recovery } = useWords(accountWords);
  const text = codes.join("\n");

  return (
    <>
      <h3 ref={focusField} tabIndex={-1} className={styles.heading}>
        {recovery.title}
      </h3>
      <p>
        {recovery.text} <strong>{recovery.once}</strong>
      </p>
      <div className={styles.form}>
        <CopyableCode name={recovery.name} text={text} />
        <div className={styles.actions}>
          <a
            className={styles.download}
            download={recovery.file}
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}
          >
            {recovery.download}
          </a>
          <Button look="primary" onClick={onSaved}>
            {recovery.saved}
          </Button>
        </div>
      </div>
    </>
  );
}
