import type { Identity } from "../api/types";
import { defineWords } from "../i18n/words";

export type Role = Identity["role"];

export interface Words {
  /** A role as a person has it: "Owner". */
  roles: Readonly<Record<Role, string>>;
  /** Who has a role, within a sentence: "owners". */
  people: Readonly<Record<Role, string>>;
  /** Who may do what the reader may not. */
  onlyFor: (people: readonly string[]) => string;
  session: { what: string; loading: string };
  noPage: string;
}

export const sessionWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
