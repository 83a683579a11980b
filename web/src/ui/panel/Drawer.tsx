import { type ReactNode, useEffect, useId, useRef } from "react";

import { Button } from "../controls/Button";
import { Icon } from "../display/Icon";
import styles from "./Drawer.module.css";

interface Props {
  title: string;
  /** Identifies what is shown. Other content is shown from its top, with the focus on the title. */
  contentId: string;
  onClose: () => void;
  children: ReactNode;
}

/** A modal panel at the right edge. Escape, a click beside it and its button close it. */
export function Drawer({ title, contentId, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const shownId = useRef(contentId);
  const titleId = useId();

  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    if (shownId.current === contentId) return;
    shownId.current = contentId;
    // Not before: a focusable title would have the focus when the panel opens.
    heading.current?.setAttribute("tabindex", "-1");
    heading.current?.focus();
  }, [contentId]);

  return (
    <dialog ref={dialog} closedby="any" className={styles.drawer} aria-labelledby={titleId} onClose={onClose}>
      <header className={styles.head}>
        <h2 ref={heading} id={titleId}>
          {title}
        </h2>
        <Button look="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </Button>
      </header>
      <div key={contentId} className={styles.body}>
        {children}
      </div>
    </dialog>
  );
}
