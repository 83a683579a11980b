import type { Decision } from "../../api/types";
import { humanise } from "../../ui/format/text";

export const DECISIONS: Readonly<Record<Decision, string>> = { allow: "Allowed", review: "In review", block: "Blocked" };

const REASONS: Record<string, string> = {
  "list.allowlisted": "On the allowlist",
  "list.blocked": "On the blocklist",
  "amount_anomaly.customer": "Unusual amount for this customer",
  "amount_anomaly.product": "Unusual amount for this product",
  "amount_anomaly.tenant": "Unusual amount for your shop",
  "amount_anomaly.no_history": "Too little history to compare the amount",
  "geo_mismatch.impossible_travel": "Paid from two countries within hours",
  "trust_history.unknown_customer": "Unknown customer",
  "trust_history.low_trust": "Low trust score",
  "trust_history.disputes": "Earlier dispute",
  "trust_history.fraud_warnings": "Earlier fraud warning",
  "trust_history.frequent_refunds": "Frequent refunds",
  "trust_history.new_customer": "New customer",
  "trust_history.young_relation": "Customer for less than a day",
};

// Reasons of the velocity detector are built from an entity, a window and what was counted: `velocity.card.1h.amount`.
const ENTITIES: Record<string, string> = {
  customer: "Customer",
  card: "Card",
  ip: "IP address",
  device: "Device",
};
// Of card testing, `card_testing.ip.1h.declines`.
const CARD_TESTS: Record<string, string> = {
  declines: "many declined cards",
  cards: "many different cards",
  small: "many small amounts",
};
// Two sources of a country that contradict each other: `geo_mismatch.card_ip`.
const COUNTRY_SOURCES: Record<string, string> = {
  card: "card",
  ip: "IP address",
  document: "document",
  billing: "billing address",
  phone: "phone",
};
const WINDOWS: Record<string, string> = { "1m": "in 1 min", "1h": "in 1 h", "24h": "in 24 h" };

export const isDecision = (value: string): value is Decision => Object.hasOwn(DECISIONS, value);

export function reasonLabel(code: string): string {
  const [detector, entity = "", window = "", measure] = code.split(".");
  if (detector === "velocity" && entity in ENTITIES && window in WINDOWS) {
    return `${ENTITIES[entity]}: ${measure === "amount" ? "high total" : "many attempts"} ${WINDOWS[window]}`;
  }
  if (detector === "card_testing" && entity in ENTITIES && window in WINDOWS && measure && measure in CARD_TESTS) {
    return `${ENTITIES[entity]}: ${CARD_TESTS[measure]} ${WINDOWS[window]}`;
  }
  const [one = "", other = ""] = entity.split("_");
  if (detector === "geo_mismatch" && one in COUNTRY_SOURCES && other in COUNTRY_SOURCES) {
    return `Different countries: ${COUNTRY_SOURCES[one]} and ${COUNTRY_SOURCES[other]}`;
  }
  return REASONS[code] ?? humanise(code);
}

export const detectorName = (name: string): string => humanise(name);
