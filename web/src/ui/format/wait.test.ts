import { expect, it } from "vitest";

import { formatWait } from "./wait";

it.each([
  [30, "30 seconds"],
  [89, "89 seconds"],
  [90, "2 minutes"],
  [900, "15 minutes"],
])("a wait of %i s is %s", (seconds, text) => {
  expect(formatWait(seconds)).toBe(text);
});
