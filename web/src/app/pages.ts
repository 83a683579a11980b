import { type ComponentType, lazy } from "react";

import { matchPath } from "react-router";

import type { Identity } from "../api/types";
import type { Permission } from "../session/identity";
import type { IconName } from "../ui/display/Icon";
import type { Words } from "./words";

export type NavigationGroup = "work" | "connections" | "system";

interface PageDefinition {
  /** Names the page in `words.pages`, which has its title. */
  id: keyof Words["pages"];
  path: string;
  /** Its place in the navigation and the key that follows `g`, or null for a page that is not listed there. */
  navigation: { group: NavigationGroup; icon: IconName; key: string } | null;
  /** The permission that the page requires, or null if it requires no session. */
  permission: Permission | null;
  /** Import the page's module, a chunk of its own whose default export is the page. */
  load: () => Promise<{ default: ComponentType }>;
}

const listed = (group: NavigationGroup, icon: IconName, key: string) => ({ group, icon, key });

/** Every page, in the order of the navigation. `public/pages.json` lists the same addresses for the server. */
const DEFINITIONS: readonly PageDefinition[] = [
  {
    id: "overview",
    path: "/",
    navigation: listed("work", "gauge", "o"),
    permission: "read",
    load: () => import("../features/overview/OverviewPage"),
  },
  {
    id: "payments",
    path: "/payments",
    navigation: listed("work", "list", "p"),
    permission: "read",
    load: () => import("../features/payments/PaymentsPage"),
  },
  {
    id: "payment",
    path: "/payments/:id",
    navigation: null,
    permission: "read",
    load: () => import("../features/payment/PaymentPage"),
  },
  {
    id: "review",
    path: "/review",
    navigation: listed("work", "eye", "r"),
    permission: "read",
    load: () => import("../features/review/ReviewPage"),
  },
  {
    id: "customers",
    path: "/customers",
    navigation: listed("work", "person", "c"),
    permission: "read",
    load: () => import("../features/customers/CustomersPage"),
  },
  {
    id: "customer",
    path: "/customers/:id",
    navigation: null,
    permission: "read",
    load: () => import("../features/customer/CustomerPage"),
  },
  {
    id: "conversions",
    path: "/conversions",
    navigation: listed("work", "send", "v"),
    permission: "read",
    load: () => import("../features/conversions/ConversionsPage"),
  },
  {
    id: "problems",
    path: "/problems/:kind?",
    navigation: listed("work", "flag", "x"),
    permission: "read",
    load: () => import("../features/problems/ProblemsPage"),
  },
  {
    id: "gateways",
    path: "/gateways",
    navigation: listed("connections", "plug", "w"),
    permission: "read",
    load: () => import("../features/gateways/GatewaysPage"),
  },
  {
    id: "gateway",
    path: "/gateways/:gateway",
    navigation: null,
    permission: "read",
    load: () => import("../features/gateways/GatewayPage"),
  },
  {
    id: "destinations",
    path: "/destinations",
    navigation: listed("connections", "target", "d"),
    permission: "read",
    load: () => import("../features/destinations/DestinationsPage"),
  },
  {
    id: "destination",
    path: "/destinations/:id",
    navigation: null,
    permission: "read",
    load: () => import("../features/destinations/DestinationPage"),
  },
  {
    id: "health",
    path: "/health",
    navigation: listed("system", "pulse", "h"),
    permission: "read",
    load: () => import("../features/health/HealthPage"),
  },
  {
    id: "jobs",
    path: "/jobs",
    navigation: null,
    permission: "read",
    load: () => import("../features/jobs/JobsPage"),
  },
  {
    id: "welcome",
    path: "/welcome",
    navigation: null,
    permission: "read",
    load: () => import("../features/welcome/WelcomePage"),
  },
  {
    id: "profile",
    path: "/settings/profile",
    navigation: null,
    permission: "read",
    load: () => import("../features/profile/ProfilePage"),
  },
  {
    id: "account",
    path: "/account",
    navigation: null,
    permission: "read",
    load: () => import("../features/account/AccountPage"),
  },
  { id: "login", path: "/login", navigation: null, permission: null, load: () => import("../features/login/LoginPage") },
];

export type Page = PageDefinition & { component: ComponentType };

export const PAGES: readonly Page[] = DEFINITIONS.map((page) => ({ ...page, component: lazy(page.load) }));

export const PUBLIC_PAGES = PAGES.filter(({ permission }) => permission === null);

const requiresSession = (page: Page): page is Page & { permission: Permission } => page.permission !== null;
export const SESSION_PAGES = PAGES.filter(requiresSession);

/** A page as the navigation lists it. */
export type Listed = Pick<Page, "id" | "path" | "load"> & NonNullable<Page["navigation"]>;

/** The pages to list in the navigation of a user. */
export function navigationOf({ permissions }: Identity): Listed[] {
  return SESSION_PAGES.filter(({ permission }) => permissions.includes(permission)).flatMap((page) =>
    page.navigation === null ? [] : [{ id: page.id, path: addressOf(page), load: page.load, ...page.navigation }],
  );
}

/** The groups of listed pages, in their order, without empty ones. */
export function groupsOf(pages: readonly Listed[]): { group: NavigationGroup; pages: Listed[] }[] {
  const groups = [...new Set(pages.map(({ group }) => group))];
  return groups.map((group) => ({ group, pages: pages.filter((page) => page.group === group) }));
}

/** The address of a page without its optional parameters. */
const addressOf = ({ path }: PageDefinition): string => path.replace(/\/:\w+\?$/, "");

/** Start loading the page at an address before it is rendered, in parallel with the session. */
export function preloadPage(address: string): void {
  const page = PAGES.find(({ path }) => matchPath(path, address));
  // Rendering the page imports it again and shows the failure.
  page?.load().catch(() => undefined);
}
