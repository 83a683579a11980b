import { switchLanguage, useWords } from "../../i18n/words";
import { LANGUAGE_NAMES, LANGUAGES, useLanguage } from "../../i18n/language";
import { useIdentity } from "../../session/identity";
import { useChangePreferences } from "../../session/preferences";
import { useSignOut } from "../../session/session";
import { sessionWords } from "../../session/words";
import { Menu, type MenuItem } from "../../ui/controls/Menu";
import { clearToasts, toast } from "../../ui/feedback/toasts";
import { setTheme, type Theme, THEMES, useTheme } from "../../ui/theme/theme";
import { appWords } from "../words";
import type { Overlay } from "./overlays";
import styles from "./UserMenu.module.css";

/** What concerns the user: account, jobs, appearance, help, and the way out. `short` shows only the initial. */
export function UserMenu({ short = false, onOpen }: { short?: boolean; onOpen: (overlay: Overlay) => void }) {
  const { name, role } = useIdentity();
  const words = useWords(appWords);
  const { roles } = useWords(sessionWords);
  const items = useUserMenuItems(onOpen);

  return (
    <span className={styles.user}>
      <Menu label={words.user.menu(name)} items={items}>
        <span aria-hidden="true" className={styles.initial}>
          {name.charAt(0).toUpperCase()}
        </span>
        <span className="visually-hidden">{words.user.menu(name)}</span>
        {!short && (
          <span aria-hidden="true" className={styles.name}>
            <span>{name}</span>
            <span className={styles.role}>{roles[role]}</span>
          </span>
        )}
      </Menu>
    </span>
  );
}

function useUserMenuItems(onOpen: (overlay: Overlay) => void): MenuItem[] {
  const words = useWords(appWords);
  const appearance = useAppearance();
  const signOut = useSignOut();

  return [
    { label: words.pages.profile, icon: "person", to: "/settings/profile" },
    { label: words.pages.account, icon: "lock", to: "/account" },
    { label: words.pages.jobs, icon: "clock", to: "/jobs" },
    ...appearance,
    {
      label: words.user.notifications,
      icon: "note",
      onSelect: () => {
        onOpen("messages");
      },
    },
    {
      label: words.user.keys,
      icon: "keyboard",
      onSelect: () => {
        onOpen("keys");
      },
    },
    {
      label: words.apiReference,
      icon: "book",
      onSelect: () => {
        window.location.assign("/api/docs");
      },
    },
    {
      label: words.user.signOut,
      icon: "signOut",
      onSelect: () => {
        clearToasts();
        signOut.mutate();
      },
    },
  ];
}

/** The other themes and the other language. They take effect at once, and are saved in the user's preferences. */
export function useAppearance(): (MenuItem & { onSelect: () => void })[] {
  const words = useWords(appWords);
  const theme = useTheme();
  const language = useLanguage();
  const change = useChangePreferences({
    onError: () => {
      toast({ text: words.user.notSaved, tone: "bad" });
    },
  });
  const choose = (next: Theme) => () => {
    setTheme(next);
    change.start({ theme: next });
  };

  return [
    ...THEMES.filter((each) => each !== theme).map((each) => ({
      label: words.user.theme[each],
      icon: "sun" as const,
      onSelect: choose(each),
    })),
    ...LANGUAGES.filter((each) => each !== language).map((each) => ({
      label: LANGUAGE_NAMES[each],
      icon: "globe" as const,
      onSelect: () => {
        void switchLanguage(each);
        change.start({ language: each });
      },
    })),
  ];
}
