import { type ReactNode, useState } from "react";

import { useWords } from "../../i18n/words";
import { Button } from "../controls/Button";
import { Field } from "../controls/Field";
import { useProblemText } from "../problems/problemText";
import { FormError } from "../states/FormError";
import { uiWords } from "../words";
import styles from "./Dialog.module.css";
import { Modal } from "./Modal";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog, for what must be decided. Escape and its button close it; a click beside it does not. */
export function Dialog(props: Props) {
  return <Modal {...props} look="dialog" closedBy="closerequest" />;
}

interface ConfirmProps extends Props {
  /** What the button does, such as "Replay 214". */
  action: string;
  tone?: "bad";
  /** A text to type first, such as the count, for what cannot be undone. */
  typed?: string | undefined;
  busy?: boolean;
  error?: Error | null;
  onConfirm: () => void;
}

/** Ask before something is done. `children` says what follows from it; fields there belong to the same form. */
export function Confirm({ title, action, tone, typed, busy = false, error = null, onConfirm, onClose, children }: ConfirmProps) {
  const words = useWords(uiWords);
  const problemText = useProblemText();
  const [text, setText] = useState("");

  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) onConfirm();
        }}
      >
        <div className={styles.content}>{children}</div>
        {typed !== undefined && (
          <Field label={words.typeToConfirm(typed)}>
            <input
              value={text}
              autoComplete="off"
              onChange={(event) => {
                setText(event.target.value);
              }}
            />
          </Field>
        )}
        {error !== null && <FormError text={problemText(error)} />}
        <div className={styles.actions}>
          <Button onClick={onClose}>{words.cancel}</Button>
          <Button
            type="submit"
            look={tone === "bad" ? "danger" : "primary"}
            busy={busy}
            disabled={typed !== undefined && text.trim() !== typed}
          >
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
