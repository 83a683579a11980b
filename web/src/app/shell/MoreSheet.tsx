import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { Sheet } from "../../ui/panel/Sheet";
import { groupsOf, navigationOf } from "../pages";
import { appWords } from "../words";
import styles from "./MoreSheet.module.css";
import { NavigationLink } from "./NavigationLink";
import { isInBar } from "./phonePages";

/** The pages that have no place in the bar of a phone, grouped as in the rail. */
export function MoreSheet({ onClose }: { onClose: () => void }) {
  const words = useWords(appWords);
  const pages = navigationOf(useIdentity()).filter((page) => !isInBar(page));

  return (
    <Sheet title={words.more} onClose={onClose}>
      <nav aria-label={words.more} className={styles.groups}>
        {groupsOf(pages).map(({ group, pages: listed }) => (
          <section key={group} aria-labelledby={`more-${group}`}>
            <h3 id={`more-${group}`} className={styles.heading}>
              {words.groups[group]}
            </h3>
            {listed.map((page) => (
              <NavigationLink key={page.id} page={page} look="sheet" count={undefined} onFollow={onClose} />
            ))}
          </section>
        ))}
      </nav>
    </Sheet>
  );
}
