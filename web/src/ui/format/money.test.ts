import { expect, it } from "vitest";

import { formatMoney } from "./money";

it.each([
  [49_790, "BRL", "R$497.90"],
  [4_800, "JPY", "¥4,800"],
  [1_500, "KWD", "KWD 1.500"],
  [500, "CLP", "CLP 500"],
  [0, "USD", "$0.00"],
])("formats %i minor units of %s as %s", (minor, currency, expected) => {
  expect(formatMoney(minor, currency, "en-US").replaceAll("\u00a0", " ")).toBe(expected);
});
