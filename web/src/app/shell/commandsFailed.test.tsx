import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { fakeApi } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";

vi.mock("../commands/CommandMenu", () => ({
  default: () => {
    throw new TypeError("Failed to fetch dynamically imported module");
  },
}));

it("keeps the page when the command menu cannot be loaded", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  fakeApi();
  renderApp("/payments");
  await screen.findByRole("heading", { level: 1, name: "Payments" });
  await userEvent.keyboard("{Control>}k{/Control}");
  const dialog = await screen.findByRole("dialog", { name: "Search or do something" });

  expect(await within(dialog).findByRole("alert")).toHaveTextContent("could not be loaded");
  await userEvent.click(within(dialog).getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  expect(screen.getByRole("heading", { level: 1, name: "Payments" })).toBeVisible();
});
