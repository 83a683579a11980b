import type { KeyboardEvent } from "react";

import { useWords } from "../../i18n/words";
import { useKeys } from "../keys/useKeys";
import { uiWords } from "../words";

/**
 * The keys of a table: `j` and `k` move from row to row, `o` opens a row, `x` chooses it. While a row is open, `j` and
 * `k` open the next. Of several tables on a page, the one with the focus gets the keys, else the first. A table whose
 * rows neither open nor can be chosen has none.
 */
export function useRowKeys({ opens, canChoose }: { opens: boolean; canChoose: boolean }) {
  const { rowKeys } = useWords(uiWords);

  const moves = [
    { key: "j", label: rowKeys.next, run: moveBy(1) },
    { key: "k", label: rowKeys.previous, run: moveBy(-1) },
  ];
  useKeys([
    ...(opens || canChoose ? moves : []),
    ...(opens ? [{ key: "o", label: rowKeys.open, run: clickOn("[data-open]") }] : []),
    ...(canChoose ? [{ key: "x", label: rowKeys.choose, run: clickOn("input[type=checkbox]") }] : []),
  ]);
}

/** Move the focus from row to row with the arrow keys, which otherwise scroll. */
export function moveByArrows(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  if (event.target instanceof Element && event.target.closest("select, textarea, [role=menu]")) return;
  event.preventDefault();
  focusNext(event.key === "ArrowDown" ? 1 : -1);
}

const moveBy = (step: 1 | -1) => () => {
  const isOpen = currentTable()?.querySelector("[aria-current=true]") != null;
  const row = focusNext(step);
  if (isOpen) row?.querySelector<HTMLElement>("[data-open]")?.click();
};

const clickOn = (selector: string) => () => {
  const { rows, current } = place();
  rows[current]?.querySelector<HTMLElement>(selector)?.click();
};

/** Focus the row after or before the current one, and return it; the first if there is none. */
function focusNext(step: 1 | -1): HTMLElement | undefined {
  const { rows, current } = place();
  const row = current === -1 ? rows[0] : rows[current + step];
  const control = row?.querySelector<HTMLElement>("[data-open]") ?? row?.querySelector<HTMLElement>("a[href], button, input");
  control?.focus();
  row?.scrollIntoView({ block: "nearest" });
  return row;
}

const currentTable = (): Element | null =>
  document.activeElement?.closest("[data-table]") ?? document.querySelector("[data-table]");

/** The rows of the current table, and the position of the one with the focus, else of the open one, else -1. */
function place(): { rows: HTMLElement[]; current: number } {
  const rows = [...(currentTable()?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
  const focused = rows.findIndex((row) => row.contains(document.activeElement));
  return { rows, current: focused === -1 ? rows.findIndex((row) => row.ariaCurrent === "true") : focused };
}
