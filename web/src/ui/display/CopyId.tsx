import { useRef, useState } from "react";

import { useWords } from "../../i18n/words";
import { abbreviateId } from "../format/text";
import { uiWords } from "../words";
import styles from "./CopyId.module.css";
import { Icon } from "./Icon";

interface Props {
  id: string;
  /** Show the whole id. */
  whole?: boolean;
}

/** An id, shortened in the middle. A click copies it; screen readers hear it whole. */
export function CopyId({ id, whole = false }: Props) {
  const words = useWords(uiWords);
  const [copied, setCopied] = useState(false);
  const [selected, setSelected] = useState(false);
  const text = useRef<HTMLSpanElement>(null);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(id);
      setCopied(true);
    } catch {
      // Browsers give no clipboard to pages without TLS. The whole id is selected, to be copied with the keyboard.
      setSelected(true);
      requestAnimationFrame(() => {
        if (text.current !== null) getSelection()?.selectAllChildren(text.current);
      });
    }
  };

  return (
    <button
      type="button"
      className={styles.id}
      title={id}
      aria-label={`${whole || selected ? id : abbreviateId(id)}: ${copied ? words.copied : words.copy(id)}`}
      onClick={() => void copy()}
      onBlur={() => {
        setCopied(false);
      }}
    >
      <span ref={text} className={styles.text}>
        {whole || selected ? id : abbreviateId(id)}
      </span>
      <Icon name={copied ? "check" : "copy"} size={12} />
    </button>
  );
}
