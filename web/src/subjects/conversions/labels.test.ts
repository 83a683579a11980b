import { expect, it } from "vitest";

import { conversion } from "../../test/builders/conversions";
import { conversionLabel, conversionNote, correctionLabel, matchLabel, triedLabel, utmLabel } from "./labels";
import { words } from "./words.en";
import { words as portuguese } from "./words.pt-BR";

it.each([
  ["pending", "Queued for Meta"],
  ["dispatched", "Sent to Meta"],
  ["failed", "Not accepted by Meta"],
  ["suppressed", "Kept from Meta"],
] as const)("labels a conversion that is %s", (status, label) => {
  expect(conversionLabel(words, status, "meta")).toBe(label);
});

it("says how a conversion was matched, and how surely", () => {
  expect(matchLabel(words, { method: "ip_user_agent", confidence: 0.6, click_id: null, tried: null, utm: null })).toBe(
    "matched by IP address and browser (60%)",
  );
  expect(matchLabel(words, { method: "none", confidence: 0, click_id: null, tried: null, utm: null })).toBe("no matching click");
});

it.each([
  ["destination_on_hold", "2026-11-20T11:55:00Z", /correct the destination, which is on hold since .*\. Create a new token\. \(190\)$/],
  ["destination_unavailable", "2026-11-20T11:55:00Z", /which is unavailable since/],
  ["destination_disabled", null, /to be enabled\. Create/],
] as const)("says what a pending conversion waits for: %s", (cause, since, text) => {
  const wait = { cause, since, reason: "Create a new token.", code: "190" };
  expect(conversionNote(words, conversion({ status: "pending", waiting_for: wait }))).toMatch(text);
});

it("says why a conversion failed, and nothing about one that was sent", () => {
  expect(conversionNote(words, conversion({ status: "failed", reason: "Too old.", code: "100" }))).toBe("Too old. (100)");
  expect(conversionNote(words, conversion())).toBeNull();
});

it("says why a conversion should not have been sent, also for an unknown reason", () => {
  expect(correctionLabel(words, "blocked")).toBe("should not have been sent: payment is blocked now");
  expect(correctionLabel(words, "payment_refunded")).toBe("should not have been sent: payment refunded");
});

it("says which methods found no click, and what the address of the visit had", () => {
  const match = { method: "email", confidence: 0.85, click_id: "oc_1", tried: ["click_id", "fbp"], utm: { source: "facebook", term: "shoes" } };

  expect(triedLabel(words, match)).toBe("tried without a click: click ID, Meta browser cookie");
  expect(triedLabel(portuguese, match)).toBe("sem clique por: ID do clique, cookie de navegador da Meta");
  expect(utmLabel(match)).toBe("utm_source=facebook · utm_term=shoes");
  expect([triedLabel(words, { ...match, tried: [] }), utmLabel({ ...match, utm: null })]).toEqual([null, null]);
});
