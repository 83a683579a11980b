import { NavLink, Outlet } from "react-router";

import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { SwitchBanner } from "../../subjects/switches/SwitchBanner";
import { Icon } from "../../ui/display/Icon";
import { Logo } from "../../ui/display/Logo";
import { navigationOf } from "../pages";
import { appWords } from "../words";
import styles from "./AppShell.module.css";
import { ConnectionState } from "./ConnectionState";
import { UserMenu } from "./UserMenu";

/** The frame around every page: navigation, connection state and user menu. */
export function AppShell() {
  const identity = useIdentity();
  const words = useWords(appWords);

  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip}>
        {words.skip}
      </a>
      <header className={styles.side}>
        <div className={styles.brand}>
          <Logo />
          <span>
            <span className={styles.product}>Orylo</span>
            <span className={styles.tenant} title={identity.tenant.slug}>
              {identity.tenant.name}
            </span>
          </span>
        </div>
        <nav aria-label={words.navigation} className={styles.nav}>
          {navigationOf(identity).map(({ id, path, icon }) => (
            <NavLink key={path} to={path} end={path === "/"} className={styles.link ?? ""}>
              <Icon name={icon} size={16} />
              {words.pages[id]}
            </NavLink>
          ))}
          <a href="/api/docs" className={styles.link}>
            <Icon name="book" size={16} />
            {words.apiReference}
          </a>
        </nav>
        <div className={styles.foot}>
          <ConnectionState />
          <UserMenu identity={identity} />
        </div>
      </header>
      <main id="content" tabIndex={-1} className={styles.content}>
        <SwitchBanner />
        <Outlet />
      </main>
    </div>
  );
}
