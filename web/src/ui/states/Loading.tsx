import { useWords } from "../../i18n/words";
import { uiWords } from "../words";
import styles from "./States.module.css";

/** The loading state: after 150 ms, grey placeholders in the rows' final size, which prevents a layout shift. */
export function Loading({ what, rows = 8 }: { what: string; rows?: number }) {
  const words = useWords(uiWords);

  return (
    <div role="status" className={styles.loading}>
      <span className="visually-hidden">{words.loading(what)}</span>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className={styles.placeholder} />
      ))}
    </div>
  );
}
