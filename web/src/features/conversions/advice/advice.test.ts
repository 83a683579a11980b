import { expect, it } from "vitest";

import { adviceOf } from "./advice";

it("names the gateways whose sales lower the match rate the most, and the gain", () => {
  const stripe = { gateway: "stripe", count: 100, none: 8 };
  const hotmart = { gateway: "hotmart", count: 60, none: 31 };
  const kiwify = { gateway: "kiwify", count: 40, none: 0 };

  expect(adviceOf([stripe, hotmart, kiwify])).toEqual([
    { ...hotmart, gain: 0.155 },
    { ...stripe, gain: 0.04 },
  ]);
});

it("says nothing of a few sales, or for less than a point", () => {
  const few = { gateway: "hotmart", count: 19, none: 19 };
  const nearlyAll = { gateway: "stripe", count: 1000, none: 9 };

  expect(adviceOf([few, nearlyAll])).toEqual([]);
  expect(adviceOf([])).toEqual([]);
});
