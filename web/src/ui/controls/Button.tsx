import type { ButtonHTMLAttributes, ReactNode } from "react";

import { Link } from "react-router";

import { useWords } from "../../i18n/words";
import { uiWords } from "../words";
import styles from "./Button.module.css";

type Look = "primary" | "plain" | "quiet" | "danger";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: Look;
  /** What it does is in progress: it keeps its width and focus, and ignores clicks. */
  busy?: boolean;
};

export function Button({ look = "plain", type = "button", className = "", busy = false, ...rest }: Props) {
  const classes = `${styles.button} ${styles[look]} ${className}`;
  if (!busy) return <button {...rest} type={type} className={classes} />;
  return (
    <button {...rest} type="button" aria-disabled="true" data-busy="" className={classes} onClick={undefined}>
      <span className={styles.label}>{rest.children}</span>
      <Spinner />
    </button>
  );
}

function Spinner() {
  const words = useWords(uiWords);

  return (
    <span role="status" className={styles.spinner}>
      <span className="visually-hidden">{words.busy}</span>
    </span>
  );
}

/** A link that looks like a button: it leads to a page that does what its text says. */
export function LinkButton({ to, look = "plain", children }: { to: string; look?: Look; children: ReactNode }) {
  return (
    <Link to={to} className={`${styles.button} ${styles[look]}`}>
      {children}
    </Link>
  );
}
