import { describe, expect, it } from "vitest";

import { toSearch } from "../../ui/address/useAddress";
import { parseAddress, writeAddress } from "./address";

const id = "0190c5a2-0000-7000-8000-0000000000a1";

describe("the address of problems", () => {
  it.each([
    ["dead-letters", `source=dispatch&kind=conversion&cause=190&destination=meta&view=single&open=${id}&job=${id}`],
    ["quarantine", "gateway=kiwify&kind=conflict&from=2026-11-20T00%3A00%3A00Z"],
    ["rejections", "gateway=stripe&code=signature_mismatch&view=single"],
  ] as const)("reads and writes the same for %s", (kind, query) => {
    expect(toSearch(writeAddress(parseAddress(kind, new URLSearchParams(query)))).toString()).toBe(query);
  });

  it.each([
    ["dead-letters", "kind=quarantined&source=Bad+One&destination_id=1&open=x&view=table&page=2"],
    ["quarantine", "kind=message&from=soon&cause="],
    ["rejections", `open=${id}&job=${id}&cause=190`],
  ] as const)("drops what %s does not know", (kind, query) => {
    expect(toSearch(writeAddress(parseAddress(kind, new URLSearchParams(query)))).toString()).toBe("");
  });
});
