import { expect, it } from "vitest";

import { streamUrl } from "./url";

it("asks for states only, and for the overview in the browser's time zone", () => {
  const { pathname, searchParams } = new URL(streamUrl(), "http://orylo.test");

  expect(pathname).toBe("/api/v1/stream");
  expect(searchParams.get("coalesce")).toBe("true");
  expect(searchParams.get("timezone")).not.toBeNull();
});
