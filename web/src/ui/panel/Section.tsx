import { type ReactNode, useId } from "react";

import styles from "./Section.module.css";

interface Props {
  title: string;
  /** Keep the title for screen readers only. */
  hideTitle?: boolean;
  children: ReactNode;
}

export function Section({ title, hideTitle = false, children }: Props) {
  const titleId = useId();

  return (
    <section className={styles.section} {...(hideTitle ? { "aria-label": title } : { "aria-labelledby": titleId })}>
      {!hideTitle && <h2 id={titleId}>{title}</h2>}
      {children}
    </section>
  );
}
