import { useWords } from "../i18n/words";
import { type Permission, useIdentity } from "./identity";
import rolesByPermission from "./permissions.json";
import { type Role, sessionWords, type Words } from "./words";

/** Who to ask: the roles of a shop. Operators belong to the platform. */
const rolesOf = (permission: Permission): Role[] => rolesByPermission[permission] as Role[];

/** Return who has a permission, in words: the shop's roles, or the platform's if no role of the shop has it. */
export function holdersOf({ people }: Words, permission: Permission): string[] {
  const roles = rolesOf(permission);
  const ofTheShop = roles.filter((role) => role !== "operator");
  return (ofTheShop.length > 0 ? ofTheShop : roles).map((role) => people[role]);
}

/** Return why the user may not do something, with who may, or undefined if the user may. For menus and keys. */
export function useRefusal(permission: Permission): string | undefined {
  const { permissions } = useIdentity();
  const words = useWords(sessionWords);
  return permissions.includes(permission) ? undefined : words.onlyFor(holdersOf(words, permission));
}
