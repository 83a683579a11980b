import type { Decision, Detection, DetectorScore, RuleHit } from "../../api/types";
import { formatCount } from "../../ui/format/number";
import { humanise } from "../../ui/format/text";
import type { Words } from "./words";

export const DECISIONS = ["allow", "review", "block"] as const satisfies Decision[];

const RULE_PREFIX = "custom_rules.";

export const isDecision = (value: string): value is Decision => (DECISIONS as readonly string[]).includes(value);

type Figures = Readonly<Record<string, number>> | null;

/**
 * The words of a reason. One that names a rule of the shop is the rule's name, if the decision has it. Figures stand in
 * parentheses, which are left out without them.
 */
export function reasonLabel(words: Words, code: string, rules: readonly RuleHit[] = [], figures: Figures = null): string {
  if (!code.startsWith(RULE_PREFIX)) return withFigures(words.reasons[code] ?? humanise(code), figures);
  const rule = rules.find((each) => code === RULE_PREFIX + each.rule_id);
  return rule === undefined ? words.aRule : words.rule(rule.name);
}

function withFigures(text: string, figures: Figures): string {
  if (figures === null) return text.replace(/ \([^)]*\{[^)]*\)/, "");
  return text.replace(/\{(\w+)\}/g, (place, name: string) => {
    const figure = figures[name];
    return figure === undefined ? place : formatCount(figure);
  });
}

export function overrideLabel(words: Words, override: string): string {
  const [list = "", type = ""] = override.split(".");
  const what = words.listed[type];
  if (what !== undefined && list === "block_list") return words.onBlocklist(what);
  if (what !== undefined && list === "allow_list") return words.onAllowlist(what);
  return words.overrides[override] ?? humanise(override);
}

/** How an override decided, after its label. */
export function decidedBy({ decidedBy: ways }: Words, override: string): string {
  return override === "rule" || override === "fuse" || override === "degraded" ? ways[override] : ways.list;
}

export const detectorName = (words: Words, name: string): string =>
  name.startsWith(RULE_PREFIX) ? words.aRule : (words.detectors[name] ?? humanise(name));

/** `+58`, and `0` for a reason that weighs too little for a point. */
export const formatPoints = (points: number): string => (points > 0 ? `+${points}` : String(points));

/** `Blocked, risk 85` */
export const decisionSummary = (words: Words, { decision, risk_score }: Pick<Detection, "decision" | "risk_score">): string =>
  words.summary(words.decisions[decision], risk_score);

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** `Without card testing: allowed, risk 12`. Null if the detector found nothing, or the decision is of an earlier version. */
export const outcomeWithout = (words: Words, { name, otherwise }: DetectorScore): string | null =>
  otherwise ? words.without(lowerFirst(detectorName(words, name)), lowerFirst(decisionSummary(words, otherwise))) : null;
