import { screen } from "@testing-library/react";
import { expect, it } from "vitest";

import type { Preferences } from "../api/types";
import { preferences } from "../test/builders/preferences";
import { fakeApi } from "../test/fakeApi";
import { renderApp } from "../test/renderApp";

// The time zone of an earlier visit would be known to all later tests of a file.
it("shows nothing in a browser's first visit until the preferences are loaded, and then renders once", async () => {
  let load: (value: Preferences) => void = () => undefined;
  const loaded = new Promise<Preferences>((resolve) => {
    load = resolve;
  });
  const { calls } = fakeApi({ "GET /api/v1/me/preferences": () => loaded });
  renderApp("/payments");
  await expect.poll(() => calls).toContain("GET /api/v1/me/preferences");
  expect(screen.queryByRole("navigation", { name: "Main" })).toBeNull();
  load(preferences({ effective: { language: "en", timezone: "Asia/Tokyo" } }));

  const shell = await screen.findByRole("navigation", { name: "Main" });
  expect(await screen.findByText("No payments yet")).toBeVisible();
  expect(screen.getByRole("navigation", { name: "Main" })).toBe(shell);
});
