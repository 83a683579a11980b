import type { Conversion } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { ConversionState } from "../../../subjects/conversions/ConversionState";
import { conversionLabel, conversionNote } from "../../../subjects/conversions/labels";
import { matchText } from "../../../subjects/conversions/methods";
import { conversionWords, type Words as ConversionWords } from "../../../subjects/conversions/words";
import { PaymentLink } from "../../../subjects/payments/PaymentLink";
import { Time } from "../../../ui/display/Time";
import { formatMoney } from "../../../ui/format/money";
import { formatCount } from "../../../ui/format/number";
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
  const texts = useWords(conversionWords);

  return (
    <Table
      label={words.title}
      columns={columnsOf(words, texts)}
      rows={conversions}
      rowKey={({ id }) => id}
      rowLabel={(row) => words.row(formatMoney(row.amount_minor, row.currency), conversionLabel(texts, row.status, row.destination))}
      rowTone={({ status }) => (status === "failed" ? "bad" : undefined)}
      selected={openId}
      onOpen={({ id }) => {
        onOpen(id);
      }}
    />
  );
}

function Note({ text }: { text: string | null }) {
  return text !== null && <span className={styles.note}>{text}</span>;
}

const columnsOf = ({ list }: Words, texts: ConversionWords): Column<Conversion>[] => [
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
    cell: ({ match }) => matchText(texts, match),
  },
  {
    id: "note",
    header: list.note,
    width: "minmax(0, 1fr)",
    cell: (row) => <Note text={conversionNote(texts, row)} />,
  },
  { id: "attempts", header: list.attempts, align: "end", priority: 3, cell: ({ attempts }) => formatCount(attempts) },
  {
    id: "payment",
    header: list.payment,
    cell: ({ payment_id }) => (
      <PaymentLink id={payment_id}>
        <code className={styles.payment}>{abbreviateId(payment_id)}</code>
      </PaymentLink>
    ),
  },
  { id: "at", header: list.at, align: "end", cell: ({ created_at }) => <Time iso={created_at} /> },
];
