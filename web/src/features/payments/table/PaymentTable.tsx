import type { MouseEvent } from "react";

import type { ListedDestination } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { Checkbox } from "../../../ui/controls/Checkbox";
import { moveByArrows, useRowKeys } from "../../../ui/table/useRowKeys";
import { uiWords } from "../../../ui/words";
import type { Row } from "../live/rows";
import { paymentsWords } from "../words";
import { PaymentRow } from "./PaymentRow";
import styles from "./PaymentTable.module.css";

const COLUMNS = ["decision", "risk", "amount", "money", "buyer", "why", "meta", "when"] as const;

interface Props {
  rows: readonly Row[];
  /** Where pending conversions are sent, if all go to one destination. */
  destination: ListedDestination | undefined;
  openId: string | undefined;
  chosen: ReadonlySet<string>;
  onOpen: (paymentId: string) => void;
  onChoose: (paymentId: string, chosen: boolean) => void;
  onChooseAll: (chosen: boolean) => void;
}

/** A table laid out as a grid: on a phone, rows fold into cards. Only rows that changed are rendered again. */
export function PaymentTable({ rows, destination, openId, chosen, onOpen, onChoose, onChooseAll }: Props) {
  const words = useWords(paymentsWords);
  const { select } = useWords(uiWords);
  useRowKeys({ opens: true, canChoose: true });
  const all = rows.length > 0 && rows.every(({ id }) => chosen.has(id));

  return (
    <table role="table" aria-label={words.table} data-table="" className={styles.table}>
      <thead role="rowgroup" className={styles.head}>
        <tr role="row" className={styles.row}>
          <th role="columnheader" className={styles.choice}>
            <Checkbox label={select} hideLabel checked={all} mixed={!all && chosen.size > 0} onChange={onChooseAll} />
          </th>
          {COLUMNS.map((id) => (
            <th key={id} role="columnheader" data-column={id}>
              {words.columns[id]}
            </th>
          ))}
        </tr>
      </thead>
      {/* Focus and actions belong to the controls in the rows; the handlers here only forward keys and clicks to them. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <tbody role="rowgroup" onKeyDown={moveByArrows} onClick={openRow}>
        {rows.map(({ id, payment, isNew }) => (
          <PaymentRow
            key={id}
            payment={payment}
            destination={payment.conversion?.status === "pending" ? destination : undefined}
            isNew={isNew}
            isOpen={id === openId}
            isChosen={chosen.has(id)}
            onOpen={onOpen}
            onChoose={onChoose}
          />
        ))}
      </tbody>
    </table>
  );
}

/** Open the clicked row, unless the click is on a control or ends a text selection. */
function openRow({ target }: MouseEvent<HTMLTableSectionElement>) {
  if (!(target instanceof Element) || target.closest("button, label, input, a") || getSelection()?.isCollapsed === false) return;
  target.closest("tr")?.querySelector<HTMLElement>("[data-open]")?.click();
}
