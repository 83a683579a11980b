import { expect, it } from "vitest";

import { reasonLabel } from "./labels";

it.each([
  ["velocity.card.1h", "Card: many attempts in 1 h"],
  ["velocity.ip.24h.amount", "IP address: high total in 24 h"],
  ["trust_history.low_trust", "Low trust score"],
  ["card_testing.customer.1h.cards", "Customer: many different cards in 1 h"],
  ["card_testing.ip.24h.declines", "IP address: many declined cards in 24 h"],
  ["card_testing.device.1h.small", "Device: many small amounts in 1 h"],
  ["geo_mismatch.card_ip", "Different countries: card and IP address"],
  ["geo_mismatch.document_phone", "Different countries: document and phone"],
  ["geo_mismatch.impossible_travel", "Paid from two countries within hours"],
  ["card_testing.ip.1h.unheard", "Card testing ip 1h unheard"],
  ["entity_risk.email_domain", "Entity risk email domain"],
])("labels the reason %s as: %s", (code, label) => {
  expect(reasonLabel(code)).toBe(label);
});
