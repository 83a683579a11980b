import type { PaymentState, PaymentVerdict } from "../../api/types";
import { defineWords } from "../../i18n/words";

type ByCode = Readonly<Record<string, string>>;

export interface Words {
  states: Readonly<Record<PaymentState, string>>;
  /** The money of a blocked payment that was paid. */
  paidNotRefunded: string;
  partlyRefunded: (amount: string) => string;
  undecided: string;
  test: string;
  testMode: string;
  verdicts: Readonly<Record<PaymentVerdict, string>>;
  /** Within a sentence: "by ana@shop.example". */
  by: (actor: string) => string;
  story: string;
  loading: string;
  whole: string;
  buyer: string;
  noBuyer: string;
  lastSteps: string;
  noSteps: string;
  open: string;
  outlook: { not_yet: string; never: string };
  due: (time: string) => string;
  steps: {
    webhook: (type: string) => string;
    webhookStates: ByCode;
    decided: (decision: string) => string;
    /** What changed the buyer's trust, by cause. */
    trust: ByCode;
    matched: (method: string) => string;
    attempt: (number: string, outcome: string) => string;
    outcomes: ByCode;
    action: (action: string, status: string) => string;
    actions: ByCode;
    actionStates: ByCode;
    signs: ByCode;
    audit: ByCode;
  };
  /** Why a step has not happened yet or never will, by code. */
  reasons: ByCode;
  verdict: {
    legitimate: string;
    fraud: string;
    withdraw: string;
    done: Readonly<Record<PaymentVerdict, string>>;
    refused: (why: string) => string;
  };
}

export const paymentWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
