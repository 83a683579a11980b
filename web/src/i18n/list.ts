import { currentLocale } from "./language";

/** Join names as a sentence does: "owners, admins, and analysts", or with "or". */
export function listed(names: readonly string[], type: "conjunction" | "disjunction" = "conjunction"): string {
  return new Intl.ListFormat(currentLocale(), { type }).format(names);
}
