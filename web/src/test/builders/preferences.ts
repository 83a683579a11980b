import type { Preferences } from "../../api/types";

// That of the browser: another one renders the dashboard anew.
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function preferences(changes: Partial<Preferences> = {}): Preferences {
  return {
    name: null,
    language: null,
    timezone: null,
    theme: "system",
    key_hints: true,
    effective: { language: "en", timezone: ZONE },
    ...changes,
  };
}
