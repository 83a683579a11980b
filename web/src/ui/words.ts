import { defineWords } from "../i18n/words";
import type { words as english } from "./words.en";

export type Words = typeof english;

/** The words of the controls, panels and states themselves. What they are about comes from their users. */
export const uiWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
