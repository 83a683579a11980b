import { Link } from "react-router";

import type { HealthSummary } from "../../api/types";
import { useWords } from "../../i18n/words";
import { nameOf } from "../../subjects/health/findings";
import { LinkButton } from "../../ui/controls/Button";
import { Badge } from "../../ui/display/Badge";
import { Time } from "../../ui/display/Time";
import { Empty } from "../../ui/states/Empty";
import { Table } from "../../ui/table/Table";
import styles from "./HealthPage.module.css";
import { healthPageWords } from "./words";

const TONES = { active: "good", on_hold: "bad", throttled: "warn", unavailable: "warn", disabled: "plain" } as const;

/** Whether each destination is sent to, and if not, why. */
export function DestinationsHealth({ part: { status, items } }: { part: HealthSummary["destinations"] }) {
  const words = useWords(healthPageWords);
  const { destination: headers } = words;

  if (status === "missing") return null;
  return (
    <section aria-labelledby="destinations" className={styles.part}>
      <h2 id="destinations">{words.destinations}</h2>
      {items.length === 0 ? (
        <Empty title={words.noDestinations} text="" action={<LinkButton to="/destinations">{words.addDestination}</LinkButton>} />
      ) : (
        <Table
          label={words.destinations}
          rows={items}
          rowKey={({ id }) => id}
          rowTone={(row) => (row.status === "on_hold" ? "bad" : undefined)}
          columns={[
            {
              id: "name",
              header: headers.name,
              priority: 1,
              cell: (row) => <Link to={`/destinations/${row.id}`}>{nameOf(row)}</Link>,
            },
            {
              id: "state",
              header: headers.state,
              priority: 1,
              cell: (row) => <Badge tone={TONES[row.status]}>{words.conditions[row.status]}</Badge>,
            },
            { id: "since", header: headers.since, cell: ({ since }) => (since === null ? "–" : <Time iso={since} />) },
            { id: "reason", header: headers.reason, width: "minmax(0, 1fr)", cell: ({ reason }) => reason ?? "–" },
          ]}
        />
      )}
    </section>
  );
}
