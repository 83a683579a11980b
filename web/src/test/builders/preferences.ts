import type { Preferences } from "../../api/types";

export function preferences(changes: Partial<Preferences> = {}): Preferences {
  return {
    name: null,
    language: null,
    timezone: null,
    theme: "system",
    key_hints: true,
    effective: { language: "en", timezone: "America/Sao_Paulo" },
    ...changes,
  };
}
