import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";

import { fakeApi } from "../test/fakeApi";
import { renderApp } from "../test/renderApp";

vi.mock("./shell/AppShell", () => ({
  AppShell: () => {
    throw new TypeError("Failed to fetch dynamically imported module");
  },
}));

it("says so if the frame of the pages cannot be loaded", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  fakeApi();
  renderApp("/payments");

  expect(await screen.findByRole("alert")).toHaveTextContent("The page could not be loaded");
  expect(screen.getByRole("button", { name: "Try again" })).toBeVisible();
});
