import { currentLocale } from "./language";

const RULES = new Map<string, Intl.PluralRules>();

/** Return the form for a count: `plural(2, "payment", "payments")`. Both languages have one and other. */
export function plural(count: number, one: string, other: string): string {
  const locale = currentLocale();
  let rules = RULES.get(locale);
  if (rules === undefined) RULES.set(locale, (rules = new Intl.PluralRules(locale)));
  return rules.select(count) === "one" ? one : other;
}
