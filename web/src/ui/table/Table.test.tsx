import { useState } from "react";

import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { renderUi } from "../../test/renderUi";
import { Table } from "./Table";

interface Fruit {
  name: string;
}

const ROWS: Fruit[] = [{ name: "apple" }, { name: "banana" }, { name: "cherry" }];

function Fruits({ onOpen, selectable = false }: { onOpen: (name: string) => void; selectable?: boolean }) {
  const [open, setOpen] = useState<string>();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  return (
    <>
      <input aria-label="Search" />
      <Table
        label="Fruits"
        columns={[{ id: "name", header: "Name", cell: ({ name }) => name }]}
        rows={ROWS}
        rowKey={({ name }) => name}
        selected={selectable ? open : undefined}
        onOpen={({ name }) => {
          setOpen(name);
          onOpen(name);
        }}
        chosen={chosen}
        onChoose={setChosen}
      />
    </>
  );
}

async function renderFruits(selectable = false) {
  const onOpen = vi.fn();
  await renderUi(<Fruits onOpen={onOpen} selectable={selectable} />);
  return onOpen;
}

const opener = (name: string) => screen.getByRole("button", { name });
const box = (name: string) => screen.getByRole("checkbox", { name });

describe("the keys of a table", () => {
  it("j and k move from row to row and stop at the ends", async () => {
    await renderFruits();
    await userEvent.keyboard("j");
    expect(opener("apple")).toHaveFocus();
    await userEvent.keyboard("jjj");
    expect(opener("cherry")).toHaveFocus();
    await userEvent.keyboard("k");
    expect(opener("banana")).toHaveFocus();
  });

  it("arrows move inside of it only", async () => {
    await renderFruits();
    await userEvent.keyboard("{ArrowDown}");
    expect(document.body).toHaveFocus();
    await userEvent.keyboard("j{ArrowDown}");
    expect(opener("banana")).toHaveFocus();
  });

  it("Enter and o open a row, x chooses it", async () => {
    const onOpen = await renderFruits();
    await userEvent.keyboard("j{Enter}jo");
    expect(onOpen.mock.calls).toEqual([["apple"], ["banana"]]);

    await userEvent.keyboard("x");
    expect(box("Select banana")).toBeChecked();
    expect(box("Select apple")).not.toBeChecked();
  });

  it("move on from a checkbox", async () => {
    await renderFruits();
    await userEvent.click(box("Select apple"));
    await userEvent.keyboard("j");

    expect(opener("banana")).toHaveFocus();
  });

  it("open the next row while one is open", async () => {
    const onOpen = await renderFruits(true);
    await userEvent.keyboard("j{Enter}j");

    expect(onOpen.mock.calls).toEqual([["apple"], ["banana"]]);
    expect(opener("banana")).toHaveFocus();
  });

  it("pass over a table whose rows do nothing", async () => {
    await renderUi([
      <Table key="1" label="Sums" columns={[{ id: "name", header: "Name", cell: ({ name }) => name }]} rows={ROWS} rowKey={({ name }) => name} />,
      <Fruits key="2" onOpen={vi.fn()} />,
    ]);
    await userEvent.keyboard("j");

    expect(opener("apple")).toHaveFocus();
  });

  it("do nothing in a field or with a modifier", async () => {
    await renderFruits();
    await userEvent.type(screen.getByLabelText("Search"), "jx");
    expect(screen.getByLabelText("Search")).toHaveValue("jx");
    expect(screen.getByLabelText("Search")).toHaveFocus();
    screen.getByLabelText("Search").blur();
    await userEvent.keyboard("{Control>}j{/Control}");

    expect(document.body).toHaveFocus();
  });
});

describe("a table", () => {
  it("opens a row once at a click anywhere in it", async () => {
    const onOpen = await renderFruits();
    const row = screen.getAllByRole("row")[2];
    if (row === undefined) throw new Error("no row");
    await userEvent.click(row);
    await userEvent.click(within(row).getByRole("button"));

    expect(onOpen.mock.calls).toEqual([["banana"], ["banana"]]);
  });

  it("chooses all rows, and none", async () => {
    await renderFruits();
    await userEvent.click(box("Select"));
    expect(box("Select cherry")).toBeChecked();
    await userEvent.click(box("Select"));

    expect(box("Select cherry")).not.toBeChecked();
  });
});
