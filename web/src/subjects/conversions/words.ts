import type { Conversion } from "../../api/types";
import { defineWords } from "../../i18n/words";

export interface Words {
  /** The state of a conversion, with the destination's name. */
  states: Readonly<Record<Conversion["status"], (destination: string) => string>>;
  /** That a conversion should not have been sent, and why. */
  correction: (why: string) => string;
  corrections: Readonly<Record<string, string>>;
  /** Why a conversion was deliberately not sent, by code. */
  suppressed: Readonly<Record<string, string>>;
  waits: Readonly<Record<NonNullable<Conversion["waiting_for"]>["cause"], (since: string | null) => string>>;
  methods: Readonly<Record<string, string>>;
  sendAnyway: {
    open: string;
    title: string;
    text: string;
    limit: string;
    reason: string;
    action: string;
    done: string;
  };
  goal: (rate: string) => string;
  noMatch: string;
  triedBefore: (methods: string) => string;
  matchedBy: (method: string, confidence: string) => string;
  none: string;
}

export const conversionWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
