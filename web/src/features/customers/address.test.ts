import { expect, it } from "vitest";

import { filterQuery, parseFilters } from "./address";

it("reads filters as they were written, and drops unknown ones", () => {
  const filters = { status: "blocked", max_trust: "20", seen: "7d" } as const;
  expect(parseFilters(new URLSearchParams(filterQuery(filters)))).toEqual(filters);
  expect(parseFilters(new URLSearchParams("status=gone&max_trust=21&seen=ever"))).toEqual({});
});
