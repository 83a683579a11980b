import { Link } from "react-router";

import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { gatewayName } from "../../../subjects/gateways/names";
import { NO_MATCH } from "../../../subjects/conversions/methods";
import type { Range } from "../../../ui/controls/range";
import { formatCount, formatPercent } from "../../../ui/format/number";
import { Empty } from "../../../ui/states/Empty";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { type Column, Table } from "../../../ui/table/Table";
import { conversionsPath, type Status } from "../address";
import { conversionsWords, type Words } from "../words";
import styles from "./GatewaysTable.module.css";
import { dueOf, sum, sumOf, useGateways, useMethodsOf } from "./useFigures";

interface Row {
  gateway: string;
  count: number;
  /** Those without a match; null while it is loading. */
  none: number | null;
  waits: number;
  failed: number;
}

/** How well the sales of each gateway are matched. */
export function GatewaysTable({ range }: { range: Range }) {
  const words = useWords(conversionsWords);
  const gateways = useGateways(range);
  const failure = useFailure(gateways);
  const names = gateways.data?.lines.flatMap(({ value }) => (value === null ? [] : [value])) ?? [];
  const methods = useMethodsOf(range, names);

  function body() {
    if (failure !== null && gateways.data === undefined) {
      return <Failed what={words.theFigures} error={failure} retry={() => void gateways.refetch()} />;
    }
    if (gateways.data === undefined) return <Loading what={words.theFigures} rows={3} />;
    if (names.length === 0) return <Empty text={words.noGateways} />;
    const rows = names.map((gateway, index): Row => {
      const split = methods[index]?.data;
      return {
        gateway,
        count: sum(dueOf(gateways.data, gateway)),
        none: split === undefined ? null : sum(dueOf(split, NO_MATCH)),
        waits: sumOf(gateways.data, gateway, "conversions_pending"),
        failed: sumOf(gateways.data, gateway, "conversions_failed"),
      };
    });
    return <Table label={words.byGateway} columns={columnsOf(words, range)} rows={rows} rowKey={({ gateway }) => gateway} />;
  }

  return (
    <section aria-labelledby="by-gateway" className={styles.gateways}>
      <h2 id="by-gateway">{words.byGateway}</h2>
      {body()}
    </section>
  );
}

function columnsOf({ columns: { gateway, count, rate, waits, failed } }: Words, range: Range): Column<Row>[] {
  const listed = (id: "waits" | "failed", header: string, status: Status): Column<Row> => ({
    id,
    header,
    align: "end",
    cell: (row) =>
      row[id] === 0 ? (
        formatCount(0)
      ) : (
        <Link to={conversionsPath({ range, gateway: row.gateway, status })} className={styles.count}>
          {formatCount(row[id])}
        </Link>
      ),
  });
  return [
    { id: "gateway", header: gateway, width: "minmax(max-content, 1fr)", priority: 1, cell: (row) => <Link to={conversionsPath({ range, gateway: row.gateway })} className={styles.count}>{gatewayName(row.gateway)}</Link> },
    {
      id: "rate",
      header: rate,
      align: "end",
      priority: 1,
      cell: (row) => (row.none === null || row.count === 0 ? "–" : formatPercent(1 - row.none / row.count)),
    },
    { id: "count", header: count, align: "end", cell: (row) => formatCount(row.count) },
    listed("waits", waits, "pending"),
    listed("failed", failed, "failed"),
  ];
}
