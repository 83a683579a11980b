import type { Preferences, PreferencesBody } from "../../api/types";

export const chosenOf = ({ name, language, timezone, theme, key_hints }: Preferences): PreferencesBody => ({
  name,
  language,
  timezone,
  theme,
  key_hints,
});

export const isChanged = (preferences: Preferences, chosen: PreferencesBody): boolean =>
  (Object.keys(chosen) as (keyof PreferencesBody)[]).some((each) => chosen[each] !== preferences[each]);

/** The time zones that the browser knows, and the chosen one, which it may call otherwise. */
export function timezones(chosen: string | null): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return chosen === null || known.includes(chosen) ? known : [chosen, ...known];
}
