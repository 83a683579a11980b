import { defineWords } from "../../i18n/words";

export interface Words {
  title: string;
  table: string;
  columns: Readonly<Record<"decision" | "risk" | "amount" | "money" | "buyer" | "why" | "meta" | "when", string>>;
  what: string;
  newRows: (count: number) => string;
  pause: string;
  resume: string;
  pauseList: string;
  resumeList: string;
  details: (amount: string) => string;
  decisions: (count: number) => string;
  noBuyer: string;
  filters: {
    label: string;
    decision: string;
    anyDecision: string;
    gateway: string;
    anyGateway: string;
    money: string;
    anyMoney: string;
    conversion: string;
    anyConversion: string;
    conversions: Readonly<Record<"dispatched" | "pending" | "suppressed" | "failed" | "none", string>>;
    verdict: string;
    anyVerdict: string;
    verdicts: Readonly<Record<"fraud" | "legitimate" | "none", string>>;
    risk: string;
    anyRisk: string;
    riskFrom: (risk: number) => string;
    range: string;
    anyTime: string;
    currency: string;
    anyCurrency: string;
    amountFrom: string;
    amountTo: string;
    more: string;
    fewer: string;
    clear: string;
  };
  search: {
    by: string;
    kinds: Readonly<Record<"q" | "email" | "phone" | "document", string>>;
    field: string;
    private: string;
    tooShort: string;
    noEmail: string;
  };
  views: {
    label: string;
    delivered: Readonly<Record<string, string>>;
    save: string;
    title: string;
    name: string;
    shared: string;
    saved: (name: string) => string;
    remove: (name: string) => string;
    removed: (name: string) => string;
    manage: string;
    failed: (why: string) => string;
  };
  bulk: {
    label: string;
    selected: (count: number) => string;
    clear: string;
    titles: Readonly<Record<"fraud" | "legitimate", (count: number) => string>>;
    actions: Readonly<Record<"fraud" | "legitimate", (count: number) => string>>;
    given: (count: number) => string;
    unchanged: (count: number) => string;
    unknown: (count: number) => string;
    held: (count: number) => string;
    stale: (count: number) => string;
    counting: string;
    done: (count: number) => string;
    failed: (why: string) => string;
    tooMany: string;
  };
  panel: { title: string; legitimate: string; fraud: string; note: string; select: string };
  empty: { title: string; text: string; action: string };
}

export const paymentsWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
