import styles from "./Checkbox.module.css";

interface Props {
  label: string;
  /** Keep the label for screen readers only. */
  hideLabel?: boolean;
  checked: boolean;
  /** Some, but not all, of what it stands for is selected. */
  mixed?: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

export function Checkbox({ label, hideLabel = false, checked, mixed = false, disabled = false, onChange }: Props) {
  return (
    <label className={styles.choice}>
      <input
        ref={(input) => {
          if (input !== null) input.indeterminate = mixed;
        }}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      <span className={hideLabel ? "visually-hidden" : undefined}>{label}</span>
    </label>
  );
}
