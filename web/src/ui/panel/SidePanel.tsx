import { type ReactNode, type RefObject, useEffect, useId, useRef } from "react";

import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { Icon } from "../display/Icon";
import { useKeys } from "../keys/useKeys";
import { uiWords } from "../words";
import styles from "./SidePanel.module.css";

interface Props {
  title: string;
  /** Identifies what is shown. Other content is shown from its top. */
  contentId: string;
  onClose: () => void;
  children: ReactNode;
}

/**
 * Details at the right edge, beside a list that stays in use. Below 1100 px it covers the page and has a button that
 * leads back. Escape closes it. The focus moves into it, except when the keys of a table open one row after another.
 */
export function SidePanel({ title, contentId, onClose, children }: Props) {
  const words = useWords(uiWords);
  const titleId = useId();
  const panel = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  useReturnedFocus(panel);
  useKeys([{ key: "Escape", label: words.close, run: onClose }]);
  useEffect(() => {
    if (document.activeElement?.closest("[data-table]") && panel.current?.dataset.shown !== undefined) return;
    heading.current?.focus();
    if (panel.current !== null) panel.current.dataset.shown = "";
  }, [contentId]);
  return (
    <aside ref={panel} className={styles.panel} aria-labelledby={titleId}>
      <header className={styles.head}>
        <Button look="quiet" className={styles.back} onClick={onClose}>
          <Icon name="arrowLeft" />
          {words.back}
        </Button>
        <h2 ref={heading} id={titleId} tabIndex={-1}>
          {title}
        </h2>
        <Button look="quiet" className={styles.close} aria-label={words.close} onClick={onClose}>
          <Icon name="close" />
        </Button>
      </header>
      <div key={contentId} className={styles.body}>
        {children}
      </div>
    </aside>
  );
}

/** Give the focus back to where it was, unless it has moved on to somewhere outside the panel. */
function useReturnedFocus(panel: RefObject<HTMLElement | null>) {
  useEffect(() => {
    const opener = document.activeElement;
    const element = panel.current;
    return () => {
      const focused = document.activeElement;
      const isLost = focused === null || focused === document.body || element?.contains(focused) === true;
      if (isLost && opener instanceof HTMLElement) opener.focus();
    };
  }, [panel]);
}
