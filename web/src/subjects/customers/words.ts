import { defineWords } from "../../i18n/words";
import type { words as english } from "./words.en";

export type CustomerWords = typeof english;

export const customerWords = defineWords<CustomerWords>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
