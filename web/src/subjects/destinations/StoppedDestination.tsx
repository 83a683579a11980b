import { Link } from "react-router";

import type { ListedDestination } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Icon } from "../../ui/display/Icon";
import { noticeText } from "./noticeText";
import styles from "./StoppedDestination.module.css";
import { useDestinations } from "./useDestinations";
import { destinationWords } from "./words";

/** The place for a notice in a line of controls. Its width does not depend on the notice, which moves nothing. */
export function StoppedDestination() {
  const stopped = useDestinations().data?.items.filter(({ status }) => status !== "active") ?? [];
  const worst = stopped.find(({ status }) => status === "on_hold") ?? stopped[0];

  return <div className={styles.place}>{worst !== undefined && <Notice destination={worst} others={stopped.length - 1} />}</div>;
}

/** Why a destination is not sent to and how many others are not, as far as there is room: at least an icon. */
function Notice({ destination, others }: { destination: ListedDestination; others: number }) {
  const words = useWords(destinationWords);
  const isHeld = destination.status === "on_hold";
  const text = noticeText(words, destination) + (others === 0 ? "" : ` ${words.others(others)}`);

  return (
    <section aria-label={words.label}>
      <div role={isHeld ? "alert" : "status"}>
        <Link
          to={others === 0 ? `/destinations/${destination.id}` : "/destinations"}
          className={styles.notice}
          data-tone={isHeld ? "bad" : "warn"}
          title={text}
        >
          <Icon name="alert" size={16} />
          <span className={styles.text}>{text}</span>
          <span aria-hidden="true" className={styles.state}>
            {words.states[destination.status]}
          </span>
          {isHeld && <span className={styles.action}>{words.correct}</span>}
        </Link>
      </div>
    </section>
  );
}
