import { describe, expect, it } from "vitest";

import { job } from "../../test/builders/problems";
import { later } from "./useJob";

describe("the later of two states of a job", () => {
  it("never goes back, in whichever order they arrive", () => {
    const early = job({ done: 10 });
    const late = job({ done: 20 });
    const over = job({ done: 20, state: "canceled" });

    for (const [first, second, last] of [
      [early, late, late],
      [early, over, over],
      [late, over, over],
    ] as const) {
      expect(later(first, second)).toBe(last);
      expect(later(second, first)).toBe(last);
    }
    expect(later(undefined, early)).toBe(early);
  });
});
