import type { Decision } from "../../api/types";
import { defineWords } from "../../i18n/words";

export interface Words {
  decisions: Readonly<Record<Decision, string>>;
  /** The reasons by code. Figures are named in braces. */
  reasons: Readonly<Record<string, string>>;
  rule: (name: string) => string;
  aRule: string;
  /** What a list entry names, by the type of the entry. */
  listed: Readonly<Record<string, string>>;
  onBlocklist: (what: string) => string;
  onAllowlist: (what: string) => string;
  /** What overrode the risk, apart from lists of the shop. */
  overrides: Readonly<Record<string, string>>;
  /** How an override decided, after its label. */
  decidedBy: Readonly<Record<"rule" | "fuse" | "degraded" | "list", string>>;
  detectors: Readonly<Record<string, string>>;
  why: (risk: number) => string;
  nothingSuspicious: string;
  reason: string;
  points: string;
  risk: string;
  summary: (decision: string, risk: number) => string;
  more: (count: number) => string;
  degraded: string;
  decidedWithout: (detectors: string) => string;
  noDetector: string;
  onItsOwn: (score: number) => string;
  /** The decision and the risk without a detector. */
  without: (detector: string, outcome: string) => string;
}

export const detectionWords = defineWords<Words>({
  en: () => import("./words.en"),
  "pt-BR": () => import("./words.pt-BR"),
});
