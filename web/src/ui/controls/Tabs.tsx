import { Link, type Path, resolvePath, useLocation } from "react-router";

import { formatCount } from "../format/number";
import styles from "./Tabs.module.css";

export interface TabItem {
  to: string;
  label: string;
  count?: number | undefined;
}

/** Links to the views of a page. The current one is the one whose address agrees most with the present address. */
export function Tabs({ label, items }: { label: string; items: readonly TabItem[] }) {
  const location = useLocation();
  const agreements = items.map(({ to }) => agreement(resolvePath(to, location.pathname), location));
  const current = agreements.indexOf(Math.max(0, ...agreements));

  return (
    <nav aria-label={label} className={styles.tabs}>
      {items.map(({ to, label: text, count }, index) => (
        <Link key={to} to={to} aria-current={index === current ? "page" : undefined} className={styles.tab} preventScrollReset>
          {text}
          {count !== undefined && <span className={styles.count}>{formatCount(count)}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** How many query parameters of a tab the present address has, or -1 if it is at another path or has other values. */
function agreement(tab: Path, location: Path): number {
  const wanted = [...new URLSearchParams(tab.search)];
  const present = new URLSearchParams(location.search);
  const agrees = tab.pathname === location.pathname && wanted.every(([name, value]) => present.get(name) === value);
  return agrees ? wanted.length : -1;
}
