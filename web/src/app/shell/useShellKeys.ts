import { useNavigate } from "react-router";

import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { type Key } from "../../ui/keys/registry";
import { useKeys } from "../../ui/keys/useKeys";
import { navigationOf } from "../pages";
import { appWords } from "../words";
import type { Overlay } from "./overlays";

/** The keys that work on every page. */
export function useShellKeys(onOpen: (overlay: Overlay) => void, onFold: () => void): void {
  const { keys: words, pages } = useWords(appWords);
  const navigate = useNavigate();
  const goTo = navigationOf(useIdentity()).map(
    ({ id, path, key }): Key => ({
      key: `g ${key}`,
      label: words.goTo(pages[id]),
      run: () => {
        void navigate(path);
      },
    }),
  );

  useKeys(
    [
      { key: "Mod+k", label: words.commands, run: () => { onOpen("commands"); } },
      { key: "/", label: words.search, run: () => { if (!focusSearch()) onOpen("commands"); } },
      { key: "?", label: words.list, run: () => { onOpen("keys"); } },
      { key: "[", label: words.rail, run: onFold },
      ...goTo,
    ],
    words.everywhere,
  );
}

/** Focus the page's own search field. Return whether it has one. */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("main input[type=search]");
  field?.focus();
  return field !== null;
}
