import type { KeyboardEvent, MouseEvent } from "react";

import type { Row } from "../live/rows";
import { FeedRow } from "./FeedRow";
import styles from "./FeedTable.module.css";

interface Props {
  rows: readonly Row[];
  onOpen: (detectionId: string) => void;
}

/** A table laid out as a grid: on a phone, rows fold into cards. The roles keep it a table for screen readers. */
export function FeedTable({ rows, onOpen }: Props) {
  return (
    <table role="table" aria-label="Latest decisions" className={styles.table}>
      <thead role="rowgroup" className={styles.head}>
        <tr role="row" className={styles.row}>
          <th role="columnheader">Decision</th>
          <th role="columnheader">Risk</th>
          <th role="columnheader" className={styles.amount}>
            Amount
          </th>
          <th role="columnheader" className={styles.payment}>
            Payment
          </th>
          <th role="columnheader">Customer</th>
          <th role="columnheader">Reasons</th>
          <th role="columnheader">Conversion</th>
          <th role="columnheader" className={styles.time}>
            Time
          </th>
        </tr>
      </thead>
      {/* Focus and actions belong to the buttons in the rows; the handlers here only forward keys and clicks to them. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <tbody role="rowgroup" onKeyDown={moveFocus} onClick={openRow}>
        {rows.map(({ placedBy, ...row }) => (
          <FeedRow key={placedBy} {...row} onOpen={onOpen} />
        ))}
      </tbody>
    </table>
  );
}

/** Open the clicked row, unless the click ends a text selection. */
function openRow({ target }: MouseEvent<HTMLTableSectionElement>) {
  if (!(target instanceof Element) || target.closest("button") || getSelection()?.isCollapsed === false) return;
  target.closest("tr")?.querySelector("button")?.click();
}

/** Move focus from row to row with the arrow keys. */
function moveFocus(event: KeyboardEvent<HTMLTableSectionElement>) {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" } as const;
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = event.target instanceof Element ? event.target.closest("tr") : null;
  const next = row?.[step[event.key]]?.querySelector("button");
  if (!next) return;
  event.preventDefault();
  next.focus();
}
