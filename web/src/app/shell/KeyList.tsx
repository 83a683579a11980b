import { useState } from "react";

import { useWords } from "../../i18n/words";
import { KeyName } from "../../ui/keys/KeyName";
import { type Key, type KeyGroup, lettersAllowed, registeredKeys } from "../../ui/keys/registry";
import { Dialog } from "../../ui/panel/Dialog";
import { appWords } from "../words";
import styles from "./KeyList.module.css";

/** The keys that work here: those of the page, then those that work everywhere. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const { keys: words } = useWords(appWords);
  const [groups] = useState(() => registeredKeys());

  return (
    <Dialog title={words.title} onClose={onClose}>
      {!lettersAllowed() && <p className={styles.off}>{words.off}</p>}
      {joined(groups).map(([title, keys]) => (
        <section key={title ?? ""} aria-label={title ?? words.here} className={styles.group}>
          <h3>{title ?? words.here}</h3>
          <dl className={styles.keys}>
            {byLabel(keys).map(([label, names]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>
                  {names.map((name) => (
                    <KeyName key={name} name={name} then={words.then} />
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}

/** Join the groups with the same title: several parts of a page have keys. */
function joined(groups: readonly KeyGroup[]): [string | null, Key[]][] {
  const titles = [...new Set(groups.map(({ title }) => title))];
  return titles.map((each) => [each, groups.filter(({ title }) => title === each).flatMap(({ keys }) => keys)]);
}

/** Keys that do the same are listed together. */
function byLabel(keys: readonly Key[]): [string, string[]][] {
  const labels = [...new Set(keys.map(({ label }) => label))];
  return labels.map((each) => [each, [...new Set(keys.filter(({ label }) => label === each).map(({ key }) => key))]]);
}
