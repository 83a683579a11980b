import { NavLink } from "react-router";

import { useWords } from "../../i18n/words";
import { Icon } from "../../ui/display/Icon";
import { formatCount } from "../../ui/format/number";
import type { Listed } from "../pages";
import { appWords } from "../words";
import styles from "./NavigationLink.module.css";

interface Props {
  page: Listed;
  /** What waits for a person there. */
  count: number | undefined;
  look: "rail" | "bar" | "sheet";
  showKey?: boolean;
  onFollow?: () => void;
}

/** A link of the navigation. The page starts loading when the link gets the pointer or the focus. */
export function NavigationLink({ page: { id, path, icon, key, load }, count = 0, look, showKey = false, onFollow }: Props) {
  const words = useWords(appWords);
  // Rendering the page imports it again and shows the failure.
  const prefetch = () => void load().catch(() => undefined);

  return (
    <NavLink
      to={path}
      end={path === "/"}
      className={`${styles.link} ${styles[look]}`}
      title={words.pages[id]}
      onPointerEnter={prefetch}
      onFocus={prefetch}
      onClick={onFollow}
    >
      <Icon name={icon} size={look === "bar" ? 20 : 16} />
      <span className={styles.text}>{words.pages[id]}</span>
      {count > 0 && (
        <span className={styles.count}>
          <span aria-hidden="true">{count > 999 ? "999+" : formatCount(count)}</span>
          <span className="visually-hidden">{words.open(count)}</span>
        </span>
      )}
      {showKey && count === 0 && (
        <kbd aria-hidden="true" className={styles.key}>
          g {key}
        </kbd>
      )}
    </NavLink>
  );
}
