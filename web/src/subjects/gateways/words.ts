import { defineWords } from "../../i18n/words";
import type { words as english } from "./words.en";

export type Words = typeof english;

/** What pages say about gateways: how to set one up, and why its webhooks are refused. */
export const gatewayWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
