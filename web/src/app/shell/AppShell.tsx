import { NavLink, Outlet } from "react-router";

import type { Identity } from "../../api/types";
import { Icon } from "../../ui/display/Icon";
import { Logo } from "../../ui/display/Logo";
import styles from "./AppShell.module.css";
import { ConnectionState } from "./ConnectionState";
import { UserMenu } from "./UserMenu";

export function AppShell({ identity }: { identity: Identity }) {
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
          <NavLink to="/" end className={styles.link ?? ""}>
            <Icon name="pulse" size={16} />
            Live feed
          </NavLink>
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
        <Outlet context={identity} />
      </main>
    </div>
  );
}
