import { describe, expect, it } from "vitest";

import type { Detection } from "../../../api/types";
import { detection } from "../../../test/builders/detections";
import { addDecisions, MAX_ROWS, NOTHING_DECIDED } from "./decided";

const LIST = { filters: {}, fetched: new Set<string>(), hold: false };

/** Decisions on as many payments. */
const burst = (count: number, changes: Partial<Detection> = {}, prefix = "p") =>
  Array.from({ length: count }, (_, index) => detection({ id: `${prefix}-${index}`, payment_id: `${prefix}-${index}`, ...changes }));

describe("reported decisions", () => {
  it("keep the newest of each payment, in any order and also twice", () => {
    const versions = [1, 2, 3].map((version) => detection({ id: `d${version}`, version }));
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 1, 0, 2]]) {
      const reported = order.map((index) => versions[index]).filter((each) => each !== undefined);
      const once = addDecisions(NOTHING_DECIDED, reported, LIST);
      const oneByOne = reported.reduce((state, each) => addDecisions(state, [each], LIST), NOTHING_DECIDED);
      expect([...once.byPayment.values()]).toEqual([versions[2]]);
      expect([...oneByOne.byPayment.values()]).toEqual([versions[2]]);
    }
  });

  it("highlight one or two new payments, but neither a burst nor what is held", () => {
    expect([...addDecisions(NOTHING_DECIDED, burst(2), LIST).highlighted]).toEqual(["p-0", "p-1"]);
    expect(addDecisions(NOTHING_DECIDED, burst(3), LIST).highlighted.size).toBe(0);
    expect(addDecisions(NOTHING_DECIDED, burst(1), { ...LIST, hold: true }).highlighted.size).toBe(0);
    expect(addDecisions(NOTHING_DECIDED, burst(1), { ...LIST, fetched: new Set(["p-0"]) }).highlighted.size).toBe(0);
  });

  it("stay bounded, and excluded payments displace none that are listed or fetched", () => {
    const list = { ...LIST, filters: { decision: "block" }, fetched: new Set(["fetched-0"]) };
    let decided = addDecisions(NOTHING_DECIDED, [...burst(1, {}, "fetched"), ...burst(1, { decision: "block" }, "listed")], list);
    for (let round = 0; round < 10; round += 1) decided = addDecisions(decided, burst(200, {}, `round${round}`), list);

    expect(decided.byPayment.size).toBeLessThanOrEqual(MAX_ROWS + 2);
    expect(decided.byPayment.has("fetched-0")).toBe(true);
    expect(decided.byPayment.has("listed-0")).toBe(true);
  });
});
