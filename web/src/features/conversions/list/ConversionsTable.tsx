import { Link } from "react-router";

import type { Conversion } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { ConversionState } from "../../../subjects/conversions/ConversionState";
import { conversionLabel, conversionNote } from "../../../subjects/conversions/labels";
import { conversionWords, type Words as ConversionWords } from "../../../subjects/conversions/words";
import { methodName, NO_MATCH } from "../../../subjects/matches/methods";
import { matchWords, type Words as MatchWords } from "../../../subjects/matches/words";
import { Time } from "../../../ui/display/Time";
import { formatMoney } from "../../../ui/format/money";
import { formatCount, formatPercent } from "../../../ui/format/number";
import { abbreviateId } from "../../../ui/format/text";
import { type Column, Table } from "../../../ui/table/Table";
import { conversionsWords, type Words } from "../words";
import styles from "./ConversionsTable.module.css";

interface Props {
  conversions: readonly Conversion[];
  openId: string | undefined;
  onOpen: (id: string) => void;
}

export function ConversionsTable({ conversions, openId, onOpen }: Props) {
  const words = useWords(conversionsWords);
  const matches = useWords(matchWords);
  const conversionTexts = useWords(conversionWords);

  return (
    <Table
      label={words.title}
      columns={columnsOf(words, matches, conversionTexts)}
      rows={conversions}
      rowKey={({ id }) => id}
      rowLabel={(row) => words.row(formatMoney(row.amount_minor, row.currency), conversionLabel(conversionTexts, row.status, row.destination))}
      rowTone={({ status }) => (status === "failed" ? "bad" : undefined)}
      selected={openId}
      onOpen={({ id }) => {
        onOpen(id);
      }}
    />
  );
}

const columnsOf = ({ list, matched }: Words, matches: MatchWords, texts: ConversionWords): Column<Conversion>[] => [
  { id: "state", header: list.state, priority: 1, cell: (row) => <ConversionState conversion={row} /> },
  {
    id: "amount",
    header: list.amount,
    align: "end",
    priority: 1,
    cell: ({ amount_minor, currency }) => formatMoney(amount_minor, currency),
  },
  {
    id: "match",
    header: list.match,
    cell: ({ match: { method, confidence } }) =>
      method === NO_MATCH ? methodName(matches, method) : matched(methodName(matches, method), formatPercent(confidence)),
  },
  {
    id: "note",
    header: list.note,
    width: "minmax(0, 1fr)",
    cell: (row) => <span className={styles.note}>{conversionNote(texts, row) ?? "–"}</span>,
  },
  { id: "attempts", header: list.attempts, align: "end", priority: 3, cell: ({ attempts }) => formatCount(attempts) },
  {
    id: "payment",
    header: list.payment,
    cell: ({ payment_id }) => (
      <Link to={`/payments/${encodeURIComponent(payment_id)}`} className={styles.payment}>
        {abbreviateId(payment_id)}
      </Link>
    ),
  },
  { id: "at", header: list.at, align: "end", cell: ({ created_at }) => <Time iso={created_at} /> },
];
