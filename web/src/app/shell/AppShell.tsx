import { NavLink, Outlet } from "react-router";

import { useIdentity } from "../../session/identity";
import { SwitchBanner } from "../../subjects/switches/SwitchBanner";
import { Icon } from "../../ui/display/Icon";
import { Logo } from "../../ui/display/Logo";
import { navigationOf } from "../pages";
import styles from "./AppShell.module.css";
import { ConnectionState } from "./ConnectionState";
import { UserMenu } from "./UserMenu";

/** The frame around every page: navigation, connection state and user menu. */
export function AppShell() {
  const identity = useIdentity();

  return (
    <div className={styles.shell}>
      <a href="#content" className={styles.skip}>
        Skip to content
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
        <nav aria-label="Main" className={styles.nav}>
          {navigationOf(identity).map(({ path, title, icon }) => (
            <NavLink key={path} to={path} end={path === "/"} className={styles.link ?? ""}>
              <Icon name={icon} size={16} />
              {title}
            </NavLink>
          ))}
          <a href="/api/docs" className={styles.link}>
            <Icon name="book" size={16} />
            API reference
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
