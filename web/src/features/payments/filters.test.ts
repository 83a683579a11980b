import { describe, expect, it } from "vitest";

import { bodyOf, parametersOf, paymentsAddress, takesNewPayments } from "./filters";

const read = (query: string) => paymentsAddress.read(new URLSearchParams(query));
const given = (values: object) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
const NOW = new Date("2026-11-20T15:00:00Z");

describe("the address of the list", () => {
  it.each([
    "decision=review,block&verdict=none&gateway=stripe&min_risk=60&range=7d&open=stripe%3Api_1",
    "state=succeeded&conversion=failed,pending,suppressed,none&min_amount=1000&max_amount=5000&q=HP77",
    "range=2026-11-01..2026-11-20",
  ])("reads and writes %s", (query) => {
    const written = given(paymentsAddress.write(read(query)));
    expect(written).toEqual(Object.fromEntries(new URLSearchParams(query)));
  });

  it("leaves out what it does not know, and email addresses", () => {
    expect(given(read("decision=maybe,block&gateway=nope&min_risk=101&min_amount=-1&range=ever&q=ana@example.com&x=1"))).toEqual({
      decision: "block",
    });
  });
});

it("a range that goes on has no end", () => {
  expect(parametersOf({ range: "24h" }, "UTC", NOW)).toEqual({ from: "2026-11-19T15:00:00.000Z" });
  expect(parametersOf({ range: "yesterday" }, "UTC", NOW)).toEqual({
    from: "2026-11-19T00:00:00.000Z",
    to: "2026-11-20T00:00:00.000Z",
  });
});

it("only the API knows what a search or a past range finds", () => {
  expect(takesNewPayments({ decision: "block", range: "today" }, null, "UTC", NOW)).toBe(true);
  expect(takesNewPayments({ range: "yesterday" }, null, "UTC", NOW)).toBe(false);
  expect(takesNewPayments({ q: "HP77" }, null, "UTC", NOW)).toBe(false);
  expect(takesNewPayments({}, { kind: "email", value: "ana@example.com" }, "UTC", NOW)).toBe(false);
});

it("a body has lists and numbers", () => {
  expect(bodyOf({ decision: "review,block", min_risk: "60", q: "HP77", gateway: undefined })).toEqual({
    decision: ["review", "block"],
    min_risk: 60,
    q: "HP77",
  });
});
