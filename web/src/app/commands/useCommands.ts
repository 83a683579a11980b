import { useState } from "react";

import { useNavigate } from "react-router";

import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { useSignOut } from "../../session/session";
import { clearToasts } from "../../ui/feedback/toasts";
import type { IconName } from "../../ui/display/Icon";
import { registeredKeys } from "../../ui/keys/registry";
import { navigationOf } from "../pages";
import type { Overlay } from "../shell/overlays";
import { useAppearance } from "../shell/UserMenu";
import { appWords } from "../words";
import type { Command } from "./commands";

/** Pages and actions, those of the present page first. */
export function useCommands(onOpen: (overlay: Overlay) => void, onFold: () => void): Command[] {
  const words = useWords(appWords);
  const navigate = useNavigate();
  const identity = useIdentity();
  const appearance = useAppearance();
  const signOut = useSignOut();
  // Of the page below, as it was when the menu was opened.
  const [here] = useState(() => registeredKeys().filter(({ title }) => title === null).flatMap(({ keys }) => keys));

  const goTo = (id: "profile" | "account" | "jobs", path: string, icon: IconName): Command => ({
    id: `page ${id}`,
    group: "pages",
    label: words.pages[id],
    icon,
    run: () => void navigate(path),
  });
  const action = (id: string, label: string, icon: Command["icon"], run: () => void, key?: string): Command => ({
    id: `action ${id}`,
    group: "actions",
    label,
    icon,
    run,
    key,
  });
  return [
    ...here.map(({ key, label, run }): Command => ({ id: `here ${key}`, group: "here", label, icon: "keyboard", key, run })),
    ...navigationOf(identity).map(
      ({ id, path, icon, key }): Command => ({
        id: `page ${id}`,
        group: "pages",
        label: words.pages[id],
        icon,
        key: `g ${key}`,
        run: () => void navigate(path),
      }),
    ),
    goTo("profile", "/settings/profile", "person"),
    goTo("account", "/account", "lock"),
    goTo("jobs", "/jobs", "clock"),
    ...appearance.map(({ label, icon = "sun", onSelect }) => action(label, label, icon, onSelect)),
    action("rail", words.keys.rail, "list", onFold, "["),
    action("keys", words.user.keys, "keyboard", () => { onOpen("keys"); }, "?"),
    action("messages", words.user.notifications, "note", () => { onOpen("messages"); }),
    action("reference", words.apiReference, "book", () => { window.location.assign("/api/docs"); }),
    action("sign-out", words.user.signOut, "signOut", () => {
      clearToasts();
      signOut.mutate();
    }),
  ];
}
