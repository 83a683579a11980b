import { Link } from "react-router";

import { useWords } from "../../i18n/words";
import { Time } from "../../ui/display/Time";
import { useToastHistory } from "../../ui/feedback/toasts";
import { Dialog } from "../../ui/panel/Dialog";
import { Empty } from "../../ui/states/Empty";
import { appWords } from "../words";
import styles from "./RecentMessages.module.css";

/** The last 20 toasts: they leave the screen after a few seconds. */
export function RecentMessages({ onClose }: { onClose: () => void }) {
  const { messages } = useWords(appWords);
  const history = useToastHistory();

  return (
    <Dialog title={messages.title} onClose={onClose}>
      {history.length === 0 && <Empty text={messages.none} />}
      <ul className={styles.messages}>
        {history.map(({ id, text, tone, at, link }) => (
          <li key={id} className={styles.message} data-tone={tone}>
            <span>
              {text}
              {link !== undefined && (
                <>
                  {" "}
                  <Link to={link.to} onClick={onClose}>
                    {link.text}
                  </Link>
                </>
              )}
            </span>
            <Time iso={at} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
