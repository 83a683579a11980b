import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { Icon } from "../../ui/display/Icon";
import { navigationOf } from "../pages";
import { appWords } from "../words";
import { NavigationLink } from "./NavigationLink";
import type { Overlay } from "./overlays";
import styles from "./PhoneBar.module.css";
import { isInBar } from "./phonePages";
import { countOf } from "./Rail";
import type { OpenWork } from "./useOpenWork";

/** The navigation of a phone, in reach of the thumb. "More" opens the other pages. */
export function PhoneBar({ openWork, onOpen }: { openWork: OpenWork; onOpen: (overlay: Overlay) => void }) {
  const words = useWords(appWords);
  const pages = navigationOf(useIdentity()).filter(isInBar);

  return (
    <nav aria-label={words.navigation} className={styles.bar}>
      {pages.map((page) => (
        <NavigationLink key={page.id} page={page} look="bar" count={countOf(openWork, page.id)} />
      ))}
      <button
        type="button"
        className={styles.more}
        aria-haspopup="dialog"
        onClick={() => {
          onOpen("more");
        }}
      >
        <Icon name="more" size={20} />
        {words.more}
      </button>
    </nav>
  );
}
