import { useSyncExternalStore } from "react";

export const LANGUAGES = ["en", "pt-BR"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language's name in itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", "pt-BR": "Português" };

const STORAGE_KEY = "orylo.language";

const isLanguage = (value: string | null): value is Language => (LANGUAGES as readonly (string | null)[]).includes(value);

let language = firstLanguage();
document.documentElement.lang = language;
const listeners = new Set<() => void>();

/** The language chosen last in this browser, else the first of the browser's languages that Orylo has, else English. */
function firstLanguage(): Language {
  const chosen = localStorage.getItem(STORAGE_KEY);
  if (isLanguage(chosen)) return chosen;
  for (const each of navigator.languages) {
    if (each.startsWith("pt")) return "pt-BR";
    if (each.startsWith("en")) return "en";
  }
  return "en";
}

/** Show the dashboard in a language from now on, also in the next visit of this browser. */
export function setLanguage(next: Language): void {
  localStorage.setItem(STORAGE_KEY, next);
  if (next === language) return;
  language = next;
  document.documentElement.lang = next;
  for (const notify of listeners) notify();
}

export const currentLanguage = (): Language => language;

/** Return the language, and render again when it changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(watch, currentLanguage);
}

function watch(onChange: () => void): () => void {
  listeners.add(onChange);
  return () => {
    listeners.delete(onChange);
  };
}

/** The locale in which amounts, numbers and times are formatted. English keeps the variant of the browser. */
export function currentLocale(): string {
  if (language !== "en") return language;
  return navigator.language.startsWith("en") ? navigator.language : "en";
}
