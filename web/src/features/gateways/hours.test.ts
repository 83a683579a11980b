import { expect, it } from "vitest";

import { NO_WEBHOOKS } from "../../test/builders/gateways";
import { hourly } from "./hours";
import { words } from "./words.en";

it("fills the hours that had no webhook, and ends with the present one", () => {
  const hours = [{ hour: "2026-11-20T11:00:00Z", counts: { ...NO_WEBHOOKS, accepted: 5, duplicate: 2, rejected: 1 } }];
  const { columns, series, total } = hourly(words, { health: null, hours }, new Date("2026-11-20T12:34:00Z"));

  expect(columns).toHaveLength(24);
  expect(columns.at(-1)?.id).toBe("2026-11-20T12:00:00.000Z");
  expect(series.map(({ values }) => values.at(-2))).toEqual([5, 2, 0, 1]);
  expect(series.map(({ values }) => values.at(-1))).toEqual([0, 0, 0, 0]);
  expect(total).toBe(8);
});
