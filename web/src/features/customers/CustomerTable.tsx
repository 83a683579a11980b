import { useMemo } from "react";

import { useNavigate } from "react-router";

import type { ListedCustomer } from "../../api/types";
import { useWords } from "../../i18n/words";
import { StatusBadge } from "../../subjects/customers/StatusBadge";
import { trustTone } from "../../subjects/customers/labels";
import { customerWords } from "../../subjects/customers/words";
import { Glyph } from "../../ui/display/Glyph";
import { Meter } from "../../ui/display/Meter";
import { Time } from "../../ui/display/Time";
import { formatMoney } from "../../ui/format/money";
import { formatCount } from "../../ui/format/number";
import { abbreviateId } from "../../ui/format/text";
import { type Column, Table } from "../../ui/table/Table";
import styles from "./CustomersPage.module.css";
import { pageWords } from "./words";

/** Customers with trust, status, money and the time of their last payment. A row leads to its customer. */
export function CustomerTable({ customers }: { customers: readonly ListedCustomer[] }) {
  const words = useWords(pageWords);
  const { statuses } = useWords(customerWords);
  const navigate = useNavigate();
  const columns = useMemo<Column<ListedCustomer>[]>(
    () => [
      {
        id: "customer",
        header: words.table.customer,
        priority: 1,
        width: "minmax(0, 1fr)",
        cell: ({ id }) => (
          <span className={styles.customer} title={id}>
            <Glyph id={id} />
            <code>{abbreviateId(id)}</code>
          </span>
        ),
      },
      { id: "trust", header: words.table.trust, cell: ({ trust_score }) => <Meter score={trust_score} tone={trustTone(trust_score)} /> },
      {
        id: "status",
        header: words.table.status,
        cell: ({ status, status_expires_at }) =>
          status === "neutral" ? statuses.neutral : <StatusBadge status={status} expires_at={status_expires_at} />,
      },
      {
        id: "payments",
        header: words.table.payments,
        cell: ({ payments, amounts }) => (
          <span className={styles.money}>
            {words.payments(payments)}
            <span>{amounts.map(({ currency, paid_minor }) => formatMoney(paid_minor, currency)).join(" · ")}</span>
          </span>
        ),
      },
      {
        id: "disputes",
        header: words.table.disputes,
        align: "end",
        priority: 3,
        cell: ({ disputes }) => formatCount(disputes),
      },
      { id: "seen", header: words.table.seen, align: "end", cell: ({ last_seen_at }) => <Time iso={last_seen_at} /> },
    ],
    [words, statuses],
  );

  return (
    <Table
      label={words.table.label}
      columns={columns}
      rows={customers}
      rowKey={({ id }) => id}
      rowLabel={({ id, status }) => `${abbreviateId(id)}, ${statuses[status]}`}
      rowTone={({ status }) => (status === "blocked" ? "bad" : undefined)}
      onOpen={({ id }) => void navigate(`/customers/${encodeURIComponent(id)}`)}
    />
  );
}
