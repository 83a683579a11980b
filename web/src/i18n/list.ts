import { currentLocale } from "./language";

/** Join names as a sentence does: "owners, admins, and analysts". */
export function listed(names: readonly string[]): string {
  return new Intl.ListFormat(currentLocale()).format(names);
}
