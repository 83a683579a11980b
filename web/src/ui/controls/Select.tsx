import styles from "./Select.module.css";

interface Props {
  label: string;
  /** The text of the option that selects nothing. Without it, something is always selected. */
  none?: string;
  options: Readonly<Record<string, string>>;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

export function Select({ label, none, options, value, onChange }: Props) {
  return (
    <select
      aria-label={label}
      className={styles.select}
      value={value ?? ""}
      onChange={(event) => {
        onChange(event.target.value || undefined);
      }}
    >
      {none !== undefined && <option value="">{none}</option>}
      {Object.entries(options).map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}
