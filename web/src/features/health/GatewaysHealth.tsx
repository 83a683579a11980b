import { Link } from "react-router";

import type { HealthSummary } from "../../api/types";
import { useWords } from "../../i18n/words";
import { gatewayName } from "../../subjects/gateways/names";
import { healthWords } from "../../subjects/health/words";
import { LinkButton } from "../../ui/controls/Button";
import { Badge } from "../../ui/display/Badge";
import { Time } from "../../ui/display/Time";
import { formatCount } from "../../ui/format/number";
import { Empty } from "../../ui/states/Empty";
import { Table } from "../../ui/table/Table";
import styles from "./HealthPage.module.css";
import { healthPageWords } from "./words";

/** Whether each gateway's webhooks still arrive. */
export function GatewaysHealth({ part: { status, items } }: { part: HealthSummary["gateways"] }) {
  const words = useWords(healthPageWords);
  const { states } = useWords(healthWords);
  const { gateway: headers } = words;

  if (status === "missing") return null;
  return (
    <section aria-labelledby="gateways" className={styles.part}>
      <h2 id="gateways">{words.gateways}</h2>
      {items.length === 0 ? (
        <Empty title={words.noGateways} text="" action={<LinkButton to="/gateways">{words.setUp}</LinkButton>} />
      ) : (
        <Table
          label={words.gateways}
          rows={items}
          rowKey={({ gateway }) => gateway}
          rowTone={(row) => (row.status === "failed" ? "bad" : undefined)}
          columns={[
            {
              id: "gateway",
              header: headers.name,
              width: "minmax(max-content, 1fr)",
              priority: 1,
              cell: ({ gateway }) => <Link to={`/gateways/${gateway}`}>{gatewayName(gateway)}</Link>,
            },
            {
              id: "state",
              header: headers.state,
              width: "minmax(max-content, 1fr)",
              priority: 1,
              cell: (row) => <Badge tone={row.status === "failed" ? "bad" : "good"}>{states[row.status]}</Badge>,
            },
            { id: "last", header: headers.last, width: "minmax(max-content, 1fr)", cell: ({ last_at }) => (last_at === null ? words.never : <Time iso={last_at} />) },
            {
              id: "silent",
              header: headers.silent,
              width: "minmax(max-content, 1fr)",
              cell: ({ silent_since }) => (silent_since === null ? "–" : <Time iso={silent_since} />),
            },
            { id: "rejected", header: headers.rejected, align: "end", cell: ({ rejected }) => formatCount(rejected) },
          ]}
        />
      )}
    </section>
  );
}
