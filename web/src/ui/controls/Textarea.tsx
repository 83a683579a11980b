import type { TextareaHTMLAttributes } from "react";

import { Field } from "./Field";

interface Props extends Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "onChange"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function Textarea({ label, onChange, rows = 3, ...rest }: Props) {
  return (
    <Field label={label}>
      <textarea
        {...rest}
        rows={rows}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
    </Field>
  );
}
