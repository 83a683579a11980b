import { defineWords } from "../../i18n/words";

export interface Words {
  back: string;
  timeline: string;
  jump: string;
  partFailed: Readonly<Record<string, string>>;
  payload: string;
  loadingPayload: string;
  resend: string;
  resent: string;
  resendFailed: (why: string) => string;
  answered: (status: number, deliveries: number) => string;
  attempt: (number: number, milliseconds: string) => string;
  sent: string;
  nextAttempt: (time: string) => string;
  retry: string;
  retried: string;
  retryFailed: (why: string) => string;
  click: string;
  before: string;
  after: string;
  thresholds: (review: number, block: number) => string;
  detectors: string;
  buyer: string;
  related: string;
  noRelated: string;
  links: Readonly<Record<string, string>>;
  relatedCount: (payments: number, complete: boolean) => string;
  frauds: (count: number) => string;
  notes: string;
  noNotes: string;
  addNote: string;
  note: string;
  personal: string;
  technical: string;
  facts: Readonly<Record<"id" | "order" | "method" | "card" | "products" | "created" | "updated" | "customer", string>>;
  copyLink: string;
  copied: string;
  copyFailed: string;
  print: string;
  more: string;
  snooze: string;
  snoozeTitle: (rule: string) => string;
  snoozeText: string;
  snoozeFor: string;
  days: (count: number) => string;
  reason: string;
  snoozed: string;
}

export const paymentPageWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
