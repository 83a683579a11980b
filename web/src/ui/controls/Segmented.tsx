import { useId } from "react";

import styles from "./Segmented.module.css";

interface Props<Value extends string> {
  label: string;
  options: Record<Value, string>;
  value: Value;
  onChange: (value: Value) => void;
}

/** A choice of one among a few that are all visible. */
export function Segmented<Value extends string>({ label, options, value, onChange }: Props<Value>) {
  const name = useId();

  return (
    <fieldset className={styles.group}>
      <legend className="visually-hidden">{label}</legend>
      {(Object.entries(options) as [Value, string][]).map(([option, words]) => (
        <label key={option} className={styles.option}>
          <input
            type="radio"
            className="visually-hidden"
            name={name}
            checked={option === value}
            onChange={() => {
              onChange(option);
            }}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}
