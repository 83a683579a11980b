import { usePreferences } from "../../session/preferences";

/** Return whether the user wants to see keyboard shortcuts. */
export const useKeyHints = (): boolean => usePreferences().data?.value.key_hints ?? true;
