import type { ButtonHTMLAttributes } from "react";

import styles from "./Button.module.css";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { look?: "primary" | "plain" | "quiet" };

export function Button({ look = "plain", type = "button", className = "", ...rest }: Props) {
  return <button {...rest} type={type} className={`${styles.button} ${styles[look]} ${className}`} />;
}
