import { Icon } from "../display/Icon";
import styles from "./SearchField.module.css";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Enter was pressed. Without it, the search follows the typing. */
  onSubmit?: () => void;
  maxLength?: number;
}

/** A search field. Its own cross and Escape clear it. */
export function SearchField({ label, value, onChange, onSubmit, maxLength = 200 }: Props) {
  return (
    <form
      role="search"
      className={styles.search}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit?.();
      }}
    >
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        maxLength={maxLength}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
    </form>
  );
}
