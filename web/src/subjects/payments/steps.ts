import type { Outlook, StoryStep } from "../../api/types";
import { formatCount } from "../../ui/format/number";
import { humanise } from "../../ui/format/text";
import { conversionLabel, methodLabel } from "../conversions/labels";
import type { Words as ConversionWords } from "../conversions/words";
import { isDecision } from "../detections/labels";
import type { Words as DetectionWords } from "../detections/words";
import type { Words as PaymentWords } from "./words";

export interface StepWords {
  payments: PaymentWords;
  detections: DetectionWords;
  conversions: ConversionWords;
}

export interface StepText {
  title: string;
  note: string | null;
}

const known = (codes: Readonly<Record<string, string>>, code: string): string => codes[code] ?? humanise(code);

/** What a step of the timeline says. */
export function stepText({ payments, detections, conversions }: StepWords, { part, kind, detail }: StoryStep): StepText {
  const { steps } = payments;
  switch (part) {
    case "webhooks":
      return { title: steps.webhook(kind), note: detail && known(steps.webhookStates, detail) };
    case "decisions":
      return { title: steps.decided(isDecision(detail ?? "") ? detections.decisions[detail as "allow"] : (detail ?? "")), note: null };
    case "trust":
      return { title: known(steps.trust, kind), note: detail };
    case "conversions":
      if (kind === "matched") return { title: steps.matched(methodLabel(conversions, detail ?? "none")), note: null };
      return { title: conversionTitle(conversions, kind), note: detail && (conversions.suppressed[detail] ?? detail) };
    case "deliveries": {
      const [number = "", outcome = ""] = (detail ?? "").split(": ");
      return { title: steps.attempt(number, known(steps.outcomes, outcome)), note: null };
    }
    case "actions":
      return { title: steps.action(known(steps.actions, detail ?? ""), known(steps.actionStates, kind)), note: null };
    case "fraud_signs":
      return { title: known(steps.signs, kind), note: detail };
    case "audit":
      return { title: known(steps.audit, kind), note: detail && payments.by(detail) };
  }
  return { title: humanise(kind), note: detail };
}

function conversionTitle(words: ConversionWords, status: string): string {
  return status === "dispatched" || status === "failed" || status === "suppressed" || status === "pending"
    ? conversionLabel(words, status)
    : humanise(status);
}

export type Tone = "good" | "warn" | "bad" | "plain";

const BAD_KINDS = new Set(["failed", "dispute_opened", "dispute_lost", "fraud_warning", "judged_fraud", "opened", "lost", "warning"]);
const BAD_DETAILS = new Set(["block", "quarantined", "conflict", "refused"]);

/** Red is what went wrong, and corrections of the gateway. */
export function stepTone({ part, kind, detail }: StoryStep): Tone {
  if (BAD_KINDS.has(kind) || BAD_DETAILS.has(detail ?? "")) return "bad";
  if (part === "deliveries" && detail !== null && !detail.endsWith("dispatched")) return "bad";
  if (part === "decisions") return detail === "review" ? "warn" : "good";
  return kind === "dispatched" ? "good" : "plain";
}

/** Why a step is open, in the reader's words, else in the API's. */
export const outlookText = ({ reasons }: PaymentWords, { code, reason }: Outlook): string => reasons[code] ?? reason;

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** The distance to the first webhook, such as "+8 ms", "+4.2 s" and "+2 d". */
export function formatOffset(milliseconds: number): string {
  for (const [size, unit] of UNITS) {
    if (milliseconds >= size) {
      const value = milliseconds / size;
      return `+${formatCount(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))} ${unit}`;
    }
  }
  return `+${milliseconds} ms`;
}
