import { createContext, use, useEffect, useRef } from "react";

import { type Key, type KeyGroup, register } from "./registry";

/** The layer of the surrounding dialog, or 0 on the page. */
export const LayerContext = createContext(0);

/**
 * Register the keys of a page or dialog while it is shown. They do nothing while a field has the focus, with another
 * modifier than their own, or below an open dialog. `?` lists them, under `title` or else as those of the page.
 */
export function useKeys(keys: readonly Key[], title: string | null = null): void {
  const layer = use(LayerContext);
  const group = useRef<KeyGroup | null>(null);

  useEffect(() => {
    const registered: KeyGroup = { title, keys: [], layer };
    group.current = registered;
    return register(registered);
  }, [title, layer]);
  useEffect(() => {
    if (group.current !== null) group.current.keys = keys;
  });
}
