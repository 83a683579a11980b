import { type ComponentType, lazy } from "react";

import { matchPath } from "react-router";

import type { Identity } from "../api/types";
import type { Permission } from "../session/identity";
import type { IconName } from "../ui/display/Icon";

interface PageDefinition {
  path: string;
  /** The document's title and the page's name in the navigation. */
  title: string;
  /** The icon in the navigation, or null for a page that is not listed there. */
  icon: IconName | null;
  /** The permission that the page requires, or null if it requires no session. */
  permission: Permission | null;
  /** Import the page's module, a chunk of its own whose default export is the page. */
  load: () => Promise<{ default: ComponentType }>;
}

/** Every page, in the order of the navigation. */
const DEFINITIONS: readonly PageDefinition[] = [
  { path: "/", title: "Live feed", icon: "pulse", permission: "read", load: () => import("../features/feed/FeedPage") },
  {
    path: "/account",
    title: "Account security",
    icon: null,
    permission: "read",
    load: () => import("../features/account/AccountPage"),
  },
  { path: "/login", title: "Sign in", icon: null, permission: null, load: () => import("../features/login/LoginPage") },
];

export type Page = PageDefinition & { component: ComponentType };

export const PAGES: readonly Page[] = DEFINITIONS.map((page) => ({ ...page, component: lazy(page.load) }));

export const PUBLIC_PAGES = PAGES.filter(({ permission }) => permission === null);

const requiresSession = (page: Page): page is Page & { permission: Permission } => page.permission !== null;
export const SESSION_PAGES = PAGES.filter(requiresSession);

/** The pages to list in the navigation of a user. */
export function navigationOf({ permissions }: Identity) {
  return SESSION_PAGES.filter(({ permission }) => permissions.includes(permission)).flatMap(({ path, title, icon }) =>
    icon === null ? [] : [{ path, title, icon }],
  );
}

/** Start loading the page at an address before it is rendered, in parallel with the session. */
export function preloadPage(address: string): void {
  const page = PAGES.find(({ path }) => matchPath(path, address));
  // Rendering the page imports it again and shows the failure.
  page?.load().catch(() => undefined);
}
