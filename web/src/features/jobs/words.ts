import { defineWords } from "../../i18n/words";
import type { words as english } from "./words.en";

export type Words = typeof english;

export const jobsPageWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
