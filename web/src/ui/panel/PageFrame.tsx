import type { ReactNode } from "react";

import { Link } from "react-router";

import { Icon } from "../display/Icon";
import styles from "./PageFrame.module.css";

interface Props {
  /** The one h1 of the page. */
  title: string;
  /** What the page answers, in a sentence. */
  lead?: ReactNode;
  /** Where the page belongs, such as the list that led to it. */
  back?: { to: string; text: string };
  actions?: ReactNode;
  children: ReactNode;
}

/** A page with its title, its actions, and the width of all pages. */
export function PageFrame({ title, lead, back, actions, children }: Props) {
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div>
          {back !== undefined && (
            <Link to={back.to} className={styles.back}>
              <Icon name="arrowLeft" size={12} />
              {back.text}
            </Link>
          )}
          <h1>{title}</h1>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions !== undefined && actions !== false && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
