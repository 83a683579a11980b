import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { Button } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { Logo } from "../../ui/display/Logo";
import { appWords } from "../words";
import { ConnectionState } from "./ConnectionState";
import type { Overlay } from "./overlays";
import styles from "./PhoneHeader.module.css";
import { UserMenu } from "./UserMenu";

/** The line above a page on a phone: shop, live state, search, user. */
export function PhoneHeader({ onOpen }: { onOpen: (overlay: Overlay) => void }) {
  const { tenant } = useIdentity();
  const words = useWords(appWords);

  return (
    <header className={styles.header}>
      <Logo size={22} />
      <span className={styles.tenant}>{tenant.name}</span>
      <ConnectionState short />
      <Button
        look="quiet"
        aria-label={words.searchShort}
        onClick={() => {
          onOpen("commands");
        }}
      >
        <Icon name="search" size={20} />
      </Button>
      <UserMenu short onOpen={onOpen} />
    </header>
  );
}
