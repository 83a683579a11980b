import type { MouseEvent, ReactNode } from "react";

import { useWords } from "../../i18n/words";
import { Checkbox } from "../controls/Checkbox";
import { uiWords } from "../words";
import styles from "./Table.module.css";
import { moveByArrows, useRowKeys } from "./useRowKeys";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  align?: "start" | "end";
  /** 1 leads the card of a phone, 3 is left out on narrow screens. 2 unless given. */
  priority?: 1 | 2 | 3;
  /** A CSS grid track, such as "minmax(0, 1fr)". As wide as its content, unless given. */
  width?: string;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Name a row for screen readers: "R$ 497.00, blocked, Hotmart". Its key, unless given. */
  rowLabel?: (row: Row) => string;
  /** Open a row: by a click, Enter or `o`. */
  onOpen?: (row: Row) => void;
  /** The key of the open row. While there is one, `j` and `k` open the next. */
  selected?: string | undefined;
  /** The keys of the chosen rows, for actions on many. `x` chooses one. */
  chosen?: ReadonlySet<string>;
  onChoose?: (keys: ReadonlySet<string>) => void;
  /** Rows that are marked at the edge. */
  rowTone?: (row: Row) => "warn" | "bad" | undefined;
}

/** A table laid out as a grid: on a phone, rows fold into cards. The roles keep it a table for screen readers. */
export function Table<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, rowLabel = rowKey, onOpen, selected, chosen, onChoose, rowTone } = props;
  const words = useWords(uiWords);
  const canChoose = chosen !== undefined && onChoose !== undefined;
  const hasKeys = onOpen !== undefined || canChoose;
  const tracks = columns.map(({ width = "auto" }) => width);
  useRowKeys({ opens: onOpen !== undefined, canChoose });

  function choose(keys: Iterable<string>, isChosen: boolean) {
    const next = new Set(chosen);
    for (const key of keys) {
      if (isChosen) next.add(key);
      else next.delete(key);
    }
    onChoose?.(next);
  }

  return (
    <table
      role="table"
      aria-label={label}
      data-table={hasKeys ? "" : undefined}
      className={styles.table}
      style={{ gridTemplateColumns: [...(canChoose ? ["auto"] : []), ...tracks].join(" ") }}
    >
      <thead role="rowgroup" className={styles.head}>
        <tr role="row" className={styles.row}>
          {canChoose && (
            <th role="columnheader" className={styles.choice}>
              <Checkbox
                label={words.select}
                hideLabel
                checked={rows.length > 0 && rows.every((row) => chosen.has(rowKey(row)))}
                mixed={rows.some((row) => chosen.has(rowKey(row))) && !rows.every((row) => chosen.has(rowKey(row)))}
                onChange={(all) => {
                  choose(rows.map(rowKey), all);
                }}
              />
            </th>
          )}
          {columns.map(({ id, header, align, priority }) => (
            <th key={id} role="columnheader" data-align={align} data-priority={priority}>
              {header}
            </th>
          ))}
        </tr>
      </thead>
      {/* The focus is in the rows' own controls; this only moves it from row to row. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <tbody role="rowgroup" className={styles.body} onKeyDown={hasKeys ? moveByArrows : undefined}>
        {rows.map((row) => {
          const key = rowKey(row);
          return (
            // A click is a short cut: the button in the first cell does the same by keyboard.
            <tr
              key={key}
              role="row"
              className={styles.row}
              data-row={key}
              data-opens={onOpen && ""}
              data-tone={rowTone?.(row)}
              aria-current={key === selected ? "true" : undefined}
              onClick={openClicked}
            >
              {canChoose && (
                <td role="cell" className={styles.choice}>
                  <Checkbox
                    label={words.selectRow(rowLabel(row))}
                    hideLabel
                    checked={chosen.has(key)}
                    onChange={(isChosen) => {
                      choose([key], isChosen);
                    }}
                  />
                </td>
              )}
              {columns.map(({ id, header, cell, align, priority }, index) => (
                <td key={id} role="cell" data-align={align} data-priority={priority} data-label={header}>
                  {index === 0 && onOpen !== undefined ? (
                    <button
                      type="button"
                      data-open=""
                      className={styles.open}
                      onClick={() => {
                        onOpen(row);
                      }}
                    >
                      {cell(row)}
                    </button>
                  ) : (
                    cell(row)
                  )}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Open the clicked row, unless the click is on a control or ends a text selection. */
function openClicked({ target, currentTarget }: MouseEvent<HTMLTableRowElement>) {
  if (!(target instanceof Element) || target.closest("a, button, label, input, summary")) return;
  if (getSelection()?.isCollapsed === false) return;
  currentTarget.querySelector<HTMLElement>("[data-open]")?.click();
}
