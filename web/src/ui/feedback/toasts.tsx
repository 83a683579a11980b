import { useEffect, useState } from "react";

import { Link } from "react-router";

import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { Icon } from "../display/Icon";
import { useKeys } from "../keys/useKeys";
import { uiWords } from "../words";
import { dismiss, type Toast, undo, undoNewest, useShownToasts } from "./toastStore";
import styles from "./toasts.module.css";

export { clearToasts, toast, useToastHistory } from "./toastStore";

const SHOWN_MS = 8000;

/** The toasts on the screen. They stay while the pointer or the focus is on them; `z` undoes the newest. */
export function Toaster() {
  const words = useWords(uiWords);
  const shown = useShownToasts();
  const [held, setHeld] = useState(false);

  useKeys([{ key: "z", label: words.undo, run: undoNewest }], words.notifications);

  const hold = () => {
    setHeld(true);
  };
  const release = () => {
    setHeld(false);
  };
  return (
    // Pointer and focus only hold the toasts; the buttons in them act.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      aria-label={words.notifications}
      className={styles.toaster}
      onPointerEnter={hold}
      onPointerLeave={release}
      onFocus={hold}
      onBlur={release}
    >
      {shown.map((each) => (
        <ToastView key={each.id} toast={each} held={held} />
      ))}
    </section>
  );
}

function ToastView({ toast, held }: { toast: Toast; held: boolean }) {
  const words = useWords(uiWords);
  const { id, text, tone, link } = toast;

  useEffect(() => {
    if (held) return;
    const timer = setTimeout(dismiss, SHOWN_MS, id);
    return () => {
      clearTimeout(timer);
    };
  }, [id, held]);

  return (
    <div role={tone === "bad" ? "alert" : "status"} className={styles.toast} data-tone={tone}>
      <Icon name={tone === "bad" ? "alert" : "check"} />
      <p className={styles.text}>
        {text}
        {link !== undefined && (
          <>
            {" "}
            <Link to={link.to}>{link.text}</Link>
          </>
        )}
      </p>
      {toast.undo !== undefined && (
        <Button
          aria-keyshortcuts="z"
          onClick={() => {
            undo(toast);
          }}
        >
          {words.undo}
        </Button>
      )}
      <Button
        look="quiet"
        aria-label={words.dismiss}
        onClick={() => {
          dismiss(id);
        }}
      >
        <Icon name="close" />
      </Button>
    </div>
  );
}
