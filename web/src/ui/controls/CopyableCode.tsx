import { useRef, useState } from "react";

import { useWords } from "../../i18n/words";
import { Icon } from "../display/Icon";
import { uiWords } from "../words";
import { Button } from "./Button";
import styles from "./CopyableCode.module.css";

/** A block of code with a button that copies it. `name` says what it is, such as "command". */
export function CopyableCode({ name, text }: { name: string; text: string }) {
  const words = useWords(uiWords);
  const [copied, setCopied] = useState(false);
  const code = useRef<HTMLPreElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Browsers give no clipboard to pages without TLS. The text is selected, to be copied with the keyboard.
      if (code.current !== null) getSelection()?.selectAllChildren(code.current);
    }
  };

  return (
    <div className={styles.code}>
      {/* It scrolls sideways, so keyboard users must be able to focus it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre ref={code} tabIndex={0} role="region" aria-label={name}>
        {text}
      </pre>
      <Button look="quiet" aria-label={copied ? words.copied : words.copy(name)} onClick={() => void copy()}>
        <Icon name={copied ? "check" : "copy"} />
      </Button>
    </div>
  );
}
