import { expect, it } from "vitest";

import { formatPoints, overrideLabel, reasonLabel } from "./labels";

it.each([
  ["velocity.card.1h", "This card made many attempts in 1 hour"],
  ["velocity.ip.24h.amount", "This IP address tried to pay a high total in 24 hours"],
  ["trust_history.low_trust", "The trust score is low"],
  ["card_testing.customer.1h.cards", "This customer tried many different cards in 1 hour"],
  ["geo_mismatch.card_ip", "The card and the IP address are from different countries"],
  ["list.blocked", "The customer is on the blocklist"],
  ["custom.new_rule", "Custom new rule"],
])("labels the reason %s as: %s", (code, label) => {
  expect(reasonLabel(code)).toBe(label);
});

it("labels known and unknown overrides", () => {
  expect(["blocked", "allowlisted", "fuse"].map(overrideLabel)).toEqual(["On the blocklist", "On the allowlist", "Fuse"]);
});

it("marks points as an addition", () => {
  expect([58, 0, -3].map(formatPoints)).toEqual(["+58", "0", "-3"]);
});
