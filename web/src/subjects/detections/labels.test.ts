import { expect, it } from "vitest";

import { reasonLabel } from "./labels";

it.each([
  ["velocity.card.1h", "Card: many attempts in 1 h"],
  ["velocity.ip.24h.amount", "IP address: high total in 24 h"],
  ["trust_history.low_trust", "Low trust score"],
  ["geo_mismatch.card_country", "Geo mismatch card country"],
])("labels the reason %s as: %s", (code, label) => {
  expect(reasonLabel(code)).toBe(label);
});
