import { expect, it } from "vitest";

import { formatPoints, overrideLabel, reasonLabel } from "./labels";

it.each([
  ["velocity.card.1h", "Many attempts with this card within 1 hour"],
  ["velocity.ip.24h.amount", "A high total from this IP address within 24 hours"],
  ["trust_history.low_trust", "The customer's trust score is low"],
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
