import type { Column } from "../../ui/table/Table";
import { Table } from "../../ui/table/Table";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { gatewayName } from "../../subjects/gateways/names";
import { gatewayWords, type Words as GatewayWords } from "../../subjects/gateways/words";
import { Badge } from "../../ui/display/Badge";
import { Time } from "../../ui/display/Time";
import { formatCount } from "../../ui/format/number";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { LoadOlder } from "../../ui/table/LoadOlder";
import type { ProblemKind } from "./address";
import { NoProblems } from "./GroupList";
import { NAMES } from "./names";
import styles from "./Problems.module.css";
import { type Filters, type PageByKind, useEntries } from "./useProblems";
import { problemPageWords, type Words } from "./words";

interface Props {
  kind: ProblemKind;
  filters: Filters;
  selected: string | undefined;
  lastAt: string | null | undefined;
  onOpen: (id: string) => void;
  onClear: () => void;
}

/** What each row shows, of whichever kind. */
interface Entry {
  id: string;
  at: string;
  what: string;
  where: string;
  why: string;
  state: string;
  isOpen: boolean;
}

/** Single problems, newest first, also the settled ones. */
export function EntryTable({ kind, filters, selected, lastAt, onOpen, onClear }: Props) {
  const words = useWords(problemPageWords);
  const gateways = useWords(gatewayWords);
  const entries = useEntries(kind, filters, true);
  const failure = useFailure(entries);

  if (entries.data === undefined && failure !== null) {
    return <Failed what={words.what[NAMES[kind]]} error={failure} retry={() => void entries.refetch()} />;
  }
  if (entries.data === undefined) return <Loading what={words.what[NAMES[kind]]} />;
  const rows = entries.data.pages.flatMap(({ items }) => items.map((item) => entryOf(words, gateways, item)));
  if (rows.length === 0) return <NoProblems kind={kind} filters={filters} lastAt={lastAt} onClear={onClear} />;
  return (
    <div className={styles.card}>
      <Table
        label={words.tabs[NAMES[kind]]}
        columns={columns(words, kind)}
        rows={rows}
        rowKey={({ id }) => id}
        rowLabel={({ what, where }) => `${where}: ${what}`}
        selected={selected}
        {...(kind !== "rejections" && {
          onOpen: ({ id }: Entry) => {
            onOpen(id);
          },
        })}
      />
      <LoadOlder hasOlder={entries.hasNextPage} busy={entries.isFetchingNextPage} onLoad={() => void entries.fetchNextPage()} />
    </div>
  );
}

const columns = ({ columns: names }: Words, kind: ProblemKind): Column<Entry>[] => [
  { id: "what", header: names.what, cell: ({ what }) => what, priority: 1, width: "minmax(120px, 1.2fr)" },
  { id: "when", header: names.when, cell: ({ at }) => <Time iso={at} /> },
  { id: "where", header: names.where, cell: ({ where }) => where },
  { id: "why", header: names.why, cell: ({ why }) => why, width: "minmax(160px, 3fr)" },
  {
    id: "state",
    header: kind === "rejections" ? names.count : names.state,
    cell: ({ state, isOpen }) => <Badge tone={isOpen ? "warn" : "plain"}>{state}</Badge>,
  },
];

function entryOf(words: Words, { refusals }: GatewayWords, item: PageByKind[ProblemKind]["items"][number]): Entry {
  if ("source" in item) {
    return {
      id: item.id,
      at: item.created_at,
      what: item.type ?? words.kinds[item.kind](1),
      where: words.sources[item.source] ?? item.source,
      why: item.reason,
      state: words.states[item.state],
      isOpen: item.state === "open",
    };
  }
  if ("gateway_event_type" in item) {
    return {
      id: item.id,
      at: item.created_at,
      what: item.gateway_event_type,
      where: gatewayName(item.gateway),
      why: item.reason,
      state: words.states[item.state],
      isOpen: item.state === "open",
    };
  }
  return {
    id: item.id,
    at: item.last_at,
    what: refusals[item.code]?.cause ?? item.code,
    where: `${gatewayName(item.gateway)}${item.remote === null ? "" : ` · ${item.remote}`}`,
    why: item.reason,
    state: formatCount(item.count),
    isOpen: false,
  };
}
