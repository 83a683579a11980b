import { type RefObject, useEffect, useRef } from "react";

import { isPlainKey } from "../keys/isPlainKey";

/** What takes the focus in a row that does not open. */
const FOCUSABLE = "a[href], button, input";

/**
 * The keys of a table: `j` and `k`, and inside of it the arrows, move from row to row; `o` opens a row, `x` chooses it.
 * While a row is open, `j` and `k` also open the next. Of several tables, the one with the focus gets the keys, else
 * the first.
 */
export function useRowKeys(table: RefObject<HTMLTableElement | null>, { isOpen }: { isOpen: boolean }) {
  const open = useRef(isOpen);
  useEffect(() => {
    open.current = isOpen;
  });

  useEffect(() => {
    const element = table.current;
    if (element === null) return;

    const handle = (event: KeyboardEvent) => {
      const inside = event.target instanceof Node && element.contains(event.target);
      const step = stepOf(event.key, inside);
      if (step === 0 && event.key !== "x" && event.key !== "o") return;
      // A checkbox of the table is no field to type into.
      const isCheckbox = event.target instanceof HTMLInputElement && event.target.type === "checkbox" && inside;
      if (!isPlainKey(event, isCheckbox) || activeTable() !== element) return;

      const rows = [...element.querySelectorAll<HTMLElement>("[data-row]")];
      const current = rows.findIndex((row) => row.contains(document.activeElement));
      const from = current === -1 ? rows.findIndex((row) => row.ariaCurrent === "true") : current;
      if (step !== 0) {
        const next = from === -1 ? rows[0] : rows[from + step];
        if (next === undefined) return;
        event.preventDefault();
        focusRow(next);
        if (open.current && (event.key === "j" || event.key === "k")) next.querySelector<HTMLElement>("[data-open]")?.click();
        return;
      }
      const selector = event.key === "x" ? "input[type=checkbox]" : "[data-open]";
      if (from !== -1) rows[from]?.querySelector<HTMLElement>(selector)?.click();
    };
    document.addEventListener("keydown", handle);
    return () => {
      document.removeEventListener("keydown", handle);
    };
  }, [table]);
}

function stepOf(key: string, inside: boolean): -1 | 0 | 1 {
  if (key === "j" || (inside && key === "ArrowDown")) return 1;
  return key === "k" || (inside && key === "ArrowUp") ? -1 : 0;
}

function activeTable(): Element | null {
  return document.activeElement?.closest("[data-table]") ?? document.querySelector("[data-table]");
}

function focusRow(row: HTMLElement) {
  (row.querySelector<HTMLElement>("[data-open]") ?? row.querySelector<HTMLElement>(FOCUSABLE))?.focus();
  row.scrollIntoView({ block: "nearest" });
}
