import { expect, it } from "vitest";

import { formatPoints, overrideLabel, reasonLabel } from "./labels";
import english from "./reasons.json";
import portuguese from "./reasons.pt-BR.json";
import { words } from "./words.en";

it.each([
  ["velocity.card.1h", "Many attempts in 1 hour by this card"],
  ["velocity.ip.24h.amount", "High total in 24 hours by this IP address"],
  ["trust_history.low_trust", "Low trust score"],
  ["card_testing.customer.1h.cards", "Many different cards in 1 hour by this customer"],
  ["geo_mismatch.card_ip", "Different countries of card and IP address"],
  ["list.blocked", "The customer is on the blocklist"],
  ["custom.new_rule", "Custom new rule"],
])("labels the reason %s as: %s", (code, label) => {
  expect(reasonLabel(words, code)).toBe(label);
});

it("states the figures of a reason, and leaves their place out without them", () => {
  const code = "entity_risk.product";
  expect(reasonLabel(words, code, [], { frauds: 3, payments: 1041 })).toBe("Much fraud with this product (3 of 1,041 payments)");
  expect(reasonLabel(words, code)).toBe("Much fraud with this product");
  expect(reasonLabel(words, "velocity.card.1h", [], { attempts: 4 })).toBe("Many attempts in 1 hour by this card");
});

it("labels known and unknown overrides", () => {
  expect(["blocked", "allowlisted", "rule", "next_kind"].map((each) => overrideLabel(words, each))).toEqual([
    "On the blocklist",
    "On the allowlist",
    "A rule of the shop",
    "Next kind",
  ]);
});

it.each([
  ["block_list.ip", "IP address on the blocklist"],
  ["allow_list.email_domain", "Email domain on the allowlist"],
  ["block_list.bin", "First digits of the card on the blocklist"],
])("labels the list entry %s as: %s", (override, label) => {
  expect(overrideLabel(words, override)).toBe(label);
});

it("marks points as an addition", () => {
  expect([58, 0, -3].map(formatPoints)).toEqual(["+58", "0", "-3"]);
});

it("labels a rule of the shop by its name", () => {
  const rule = { rule_id: "0196", version: 1, name: "No prepaid cards", mode: "on", action: "add_points", otherwise: "allow" } as const;

  expect(reasonLabel(words, "custom_rules.0196", [rule])).toBe("Rule “No prepaid cards”");
  expect(reasonLabel(words, "custom_rules.0197", [rule])).toBe("A rule of the shop");
});

const figures = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(texts).map(([code, text]) => [code, (text.match(/\{\w+\}/g) ?? []).sort()]));

it("has Portuguese words for every reason, with the same figures", () => {
  expect(figures(portuguese)).toEqual(figures(english));
  expect(Object.values(portuguese).filter((text) => Object.values(english).includes(text))).toEqual([]);
});
