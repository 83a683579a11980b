import { expect, it } from "vitest";

import { conversionLabel, matchLabel } from "./labels";

it.each([
  ["pending", "Queued for Meta"],
  ["dispatched", "Sent to Meta"],
  ["failed", "Not accepted by Meta"],
  ["suppressed", "Kept from Meta"],
] as const)("labels a conversion that is %s", (status, label) => {
  expect(conversionLabel({ status, destination: "meta" })).toBe(label);
});

it("says how a conversion was matched, and how surely", () => {
  expect(matchLabel({ method: "ip_user_agent", confidence: 0.6, click_id: null })).toBe(
    "matched by IP address and browser (60%)",
  );
  expect(matchLabel({ method: "none", confidence: 0, click_id: null })).toBe("no matching click");
});
