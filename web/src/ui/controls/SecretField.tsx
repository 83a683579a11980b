import { Field } from "./Field";
import styles from "./SecretField.module.css";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  required?: boolean;
  maxLength: number;
}

/**
 * A field for a token or signing secret, which is written and never read back. It is not a password field: password
 * managers must neither fill nor save it.
 */
export function SecretField({ label, value, onChange, required = true, maxLength }: Props) {
  return (
    <Field label={label}>
      <input
        type="text"
        className={styles.secret}
        value={value}
        required={required}
        maxLength={maxLength}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        data-1p-ignore=""
        data-lpignore="true"
        data-bwignore="true"
        data-form-type="other"
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
    </Field>
  );
}
