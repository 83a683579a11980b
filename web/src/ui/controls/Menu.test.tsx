import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { renderUi } from "../../test/renderUi";
import { Menu } from "./Menu";

async function openMenu() {
  const onSelect = vi.fn();
  const items = [
    { label: "Replay", onSelect },
    { label: "Discard", onSelect, disabled: "Only an admin may" },
    { label: "Details", to: "/problems" },
  ];
  await renderUi(<Menu label="Actions" items={items} />);
  await userEvent.click(screen.getByRole("button", { name: "Actions" }));
  return onSelect;
}

describe("a menu", () => {
  it("opens with the focus on its first item, and arrows go round", async () => {
    await openMenu();

    expect(screen.getByRole("menuitem", { name: "Replay" })).toHaveFocus();
    await userEvent.keyboard("{ArrowUp}");
    expect(screen.getByRole("menuitem", { name: "Details" })).toHaveFocus();
    await userEvent.keyboard("{ArrowDown}{End}{Home}");
    expect(screen.getByRole("menuitem", { name: "Replay" })).toHaveFocus();
  });

  it("moves to the items that begin with the typed letters", async () => {
    await openMenu();

    await userEvent.keyboard("d");
    expect(screen.getByRole("menuitem", { name: /Discard/ })).toHaveFocus();
    await userEvent.keyboard("e");
    expect(screen.getByRole("menuitem", { name: "Details" })).toHaveFocus();
  });

  it("acts once and gives the focus back to its button", async () => {
    const onSelect = await openMenu();
    await userEvent.keyboard("{Enter}");

    expect(onSelect).toHaveBeenCalledOnce();
    expect(screen.queryByRole("menu")).toBeNull();
    expect(screen.getByRole("button", { name: "Actions" })).toHaveFocus();
  });

  it("does nothing for a disabled item, and says why", async () => {
    const onSelect = await openMenu();
    await userEvent.click(screen.getByRole("menuitem", { name: /Only an admin may/ }));

    expect(onSelect).not.toHaveBeenCalled();
    expect(screen.getByRole("menu")).toBeVisible();
  });

  it.each(["{Escape}", "{Tab}"])("closes at %s", async (key) => {
    await openMenu();
    await userEvent.keyboard(key);

    expect(screen.queryByRole("menu")).toBeNull();
  });

  it("closes at a click beside it", async () => {
    await openMenu();
    await userEvent.click(document.body);

    expect(screen.queryByRole("menu")).toBeNull();
  });
});
