import { Link, useOutletContext } from "react-router";

import { useWords } from "../i18n/words";
import { Button } from "../ui/controls/Button";
import { Icon } from "../ui/display/Icon";
import styles from "./NotFound.module.css";
import type { Overlay } from "./shell/overlays";
import { appWords } from "./words";

/** The page at an address that has none. Offers the search to those who are signed in. */
export function NotFound() {
  const { notFound } = useWords(appWords);
  const open = useOutletContext<((overlay: Overlay) => void) | undefined>();

  return (
    <div className={styles.page}>
      <title>{`${notFound.title} · Orylo`}</title>
      <h1>{notFound.title}</h1>
      <p>{notFound.text}</p>
      <p className={styles.ways}>
        {open !== undefined && (
          <Button
            onClick={() => {
              open("commands");
            }}
          >
            <Icon name="search" />
            {notFound.search}
          </Button>
        )}
        <Link to="/">{notFound.back}</Link>
      </p>
    </div>
  );
}
