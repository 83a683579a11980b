import { useNavigate } from "react-router";

import type { ActiveSwitch, ListedGateway } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { gatewayName } from "../../subjects/gateways/names";
import { useGateways, useWebhookEvents } from "../../subjects/gateways/useGateways";
import { useSwitches } from "../../subjects/switches/useSwitches";
import { Time } from "../../ui/display/Time";
import { formatCount } from "../../ui/format/number";
import { PageFrame } from "../../ui/panel/PageFrame";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { type Column, Table } from "../../ui/table/Table";
import styles from "./Gateways.module.css";
import { GatewayState, stateOf } from "./GatewayState";
import { gatewayPageWords, type Words } from "./words";

export default function GatewaysPage() {
  const words = useWords(gatewayPageWords);
  const gateways = useGateways();
  const failure = useFailure(gateways);
  const switches = useSwitches().data ?? [];
  const navigate = useNavigate();
  useWebhookEvents();

  return (
    <PageFrame title={words.title} lead={words.lead}>
      {gateways.data === undefined ? (
        failure === null ? (
          <Loading what={words.what.list} rows={4} />
        ) : (
          <Failed what={words.what.list} error={failure} retry={() => void gateways.refetch()} />
        )
      ) : (
        <div className={styles.card}>
          <Table
            label={words.title}
            columns={columns(words, switches)}
            rows={[...gateways.data.items].sort((one, other) => Number(other.configured) - Number(one.configured))}
            rowKey={({ name }) => name}
            rowLabel={({ name }) => gatewayName(name)}
            rowTone={(gateway) => (stateOf(gateway, switches) === "silent" ? "warn" : undefined)}
            onOpen={({ name }) => void navigate(`/gateways/${name}`)}
          />
        </div>
      )}
    </PageFrame>
  );
}

const columns = (words: Words, switches: readonly ActiveSwitch[]): Column<ListedGateway>[] => [
  { id: "gateway", header: words.columns.gateway, cell: ({ name }) => gatewayName(name), priority: 1, width: "minmax(110px, 1fr)" },
  { id: "state", header: words.columns.state, cell: (gateway) => <GatewayState gateway={gateway} switches={switches} />, priority: 1 },
  {
    id: "last",
    header: words.columns.last,
    cell: ({ health, configured }) => {
      if (health?.last_at != null) return <Time iso={health.last_at} />;
      return configured ? words.never : "–";
    },
  },
  {
    id: "today",
    header: words.columns.today,
    align: "end",
    cell: ({ health }) => (health === null ? "–" : formatCount(totalOf(health.counts) - health.counts.rejected)),
  },
  {
    id: "refused",
    header: words.columns.refused,
    align: "end",
    cell: ({ health }) => (health === null ? "–" : formatCount(health.counts.rejected)),
  },
  {
    id: "secret",
    header: words.columns.secret,
    priority: 3,
    cell: ({ secrets: [newest] }) => (newest === undefined ? "–" : newest.label),
  },
];

const totalOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
