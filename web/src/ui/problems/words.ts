import { defineWords } from "../../i18n/words";

/** What an error says, beside its code. Errors of the API have these; others only a message. */
export interface ProblemFacts {
  /** The API's sentence, in English. */
  detail: string;
  /** Seconds to wait, if the API gave them. */
  retryAfter: number | undefined;
  /** Who works on the case, if that is why. */
  holder: string | undefined;
}

export type Sentence = string | ((facts: ProblemFacts) => string);

export interface Words {
  /** By the problem's code. What has no words here is said as the API says it. */
  problems: Readonly<Record<string, Sentence>>;
  unreachable: string;
  /** Names the request, after the sentence. */
  request: (id: string) => string;
  wait: (seconds: number) => string;
}

export const problemWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
