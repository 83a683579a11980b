import { expect, it } from "vitest";

import { toSearch } from "../../ui/address/useAddress";
import { customersAddress } from "./address";

it("reads filters as they were written, and drops unknown ones", () => {
  const filters = { status: "blocked", max_trust: "20", seen: "7d", job: "0190c5a2-0000-7000-8000-0000000000b1" } as const;
  expect(customersAddress.read(toSearch(customersAddress.write(filters)))).toEqual(filters);
  expect(customersAddress.read(new URLSearchParams("status=gone&max_trust=21&seen=ever&job=../file"))).toEqual({});
});
