import { defineWords } from "../../i18n/words";
import type { words as english } from "./words.en";

export type Words = typeof english;

/** What pages say about destinations: their state, the form that adds one, and what they answered. */
export const destinationWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
