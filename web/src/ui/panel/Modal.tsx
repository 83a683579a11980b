import { type ReactNode, useId, useRef } from "react";

import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { Icon } from "../display/Icon";
import { KeyLayer } from "../keys/KeyLayer";
import { uiWords } from "../words";
import styles from "./Modal.module.css";
import { useModal } from "./useModal";

interface Props {
  look: "dialog" | "sheet";
  title: string;
  /** What closes it: Escape and its button, or also a click beside it. */
  closedBy: "any" | "closerequest";
  onClose: () => void;
  children: ReactNode;
}

/** A modal `<dialog>` with its title. What `Dialog` and `Sheet` share. */
export function Modal({ look, title, closedBy, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const words = useWords(uiWords);
  const closed = useModal(dialog, onClose);

  return (
    <dialog ref={dialog} closedby={closedBy} className={styles[look]} aria-labelledby={titleId} onClose={closed}>
      <header className={styles.head}>
        <h2 id={titleId}>{title}</h2>
        <Button look="quiet" aria-label={words.close} onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </Button>
      </header>
      <div data-body="" className={styles.body}>
        <KeyLayer>{children}</KeyLayer>
      </div>
    </dialog>
  );
}
