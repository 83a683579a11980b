import { expect, it } from "vitest";

import { moneyLabel } from "./labels";
import { words } from "./words.en";

const money = { state: "succeeded", refunded_minor: 0, currency: "BRL", decision: { decision: "allow" } } as const;

it("says that a block did not return the money", () => {
  expect(moneyLabel(words, money)).toBe("Paid");
  expect(moneyLabel(words, { ...money, decision: { decision: "block" } })).toBe("Paid, not refunded");
  expect(moneyLabel(words, { ...money, state: "refunded", decision: { decision: "block" } })).toBe("Refunded");
  expect(moneyLabel(words, { ...money, state: "failed", decision: null })).toBe("Declined");
});

it("says how much was refunded", () => {
  expect(moneyLabel(words, { ...money, state: "partially_refunded", refunded_minor: 1_050 })).toBe("R$10.50 refunded");
});
