import { expect, it } from "vitest";

import { paymentTypeInWords, reasonInWords, shortId } from "./words";

it.each([
  ["velocity.card.1h", "Many attempts on card in 1 h"],
  ["velocity.ip.24h.amount", "High total from address in 24 h"],
  ["trust_history.low_trust", "Low trust score"],
  ["geo_mismatch.card_country", "Geo mismatch card country"],
])("the reason %s reads: %s", (code, words) => {
  expect(reasonInWords(code)).toBe(words);
});

it("an unknown kind of payment event still reads as words", () => {
  expect(paymentTypeInWords("payment.captured_partly.v2")).toBe("Captured partly");
});

it("a long id is told by its ends, a short one in full", () => {
  expect(shortId("cus_0123456789abcdef0123456789abcdef")).toBe("012345…cdef");
  expect(shortId("stripe:pi_1")).toBe("pi_1");
});
