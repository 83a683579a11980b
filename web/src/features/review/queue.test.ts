import { describe, expect, it } from "vitest";

import type { ReviewCase } from "../../api/types";
import { applyChange, caseAfter, caseBeside, shownCase } from "./queue";

const cases = ["a", "b", "c"].map((payment_id) => ({ payment_id, holder: null, assigned_to: null }) as ReviewCase);

describe("the queue", () => {
  it("shows the chosen case, and the first if that has left", () => {
    expect(shownCase(cases, "b")?.payment_id).toBe("b");
    expect(shownCase(cases, "gone")?.payment_id).toBe("a");
    expect(shownCase([], "a")).toBeUndefined();
  });

  it("goes to the next and the previous case, not beyond the ends", () => {
    expect([caseBeside(cases, "a", 1), caseBeside(cases, "c", 1), caseBeside(cases, "a", -1)]).toEqual(["b", "c", "a"]);
  });

  it("goes on after a decision", () => {
    expect([caseAfter(cases, "a"), caseAfter(cases, "c"), caseAfter(cases.slice(0, 1), "a")]).toEqual(["b", "b", undefined]);
  });

  it("shows who opened a case", () => {
    const holder = { name: "bia@shop.example", until: "2026-11-28T12:00:00Z" };
    const changed = applyChange(cases, { payment_id: "b", holder, assigned_to: null } as never);
    expect(changed.map((each) => each.holder?.name)).toEqual([undefined, "bia@shop.example", undefined]);
  });
});
