import { expect, it } from "vitest";

import { abbreviateId, humanise } from "./text";

it("turns a code into readable text", () => {
  expect(humanise("geo_mismatch.card_country")).toBe("Geo mismatch card country");
});

it("shortens a long id to its ends and keeps a short one whole", () => {
  expect(abbreviateId("cus_0123456789abcdef0123456789abcdef")).toBe("012345…cdef");
  expect(abbreviateId("stripe:pi_1")).toBe("pi_1");
});
