import { useState } from "react";

import { useNavigate } from "react-router";

import type { ListedDestination } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { MetaForm } from "../../subjects/destinations/MetaForm";
import { destinationName } from "../../subjects/destinations/names";
import { useAddMeta } from "../../subjects/destinations/useDestination";
import { useDestinations } from "../../subjects/destinations/useDestinations";
import { destinationWords } from "../../subjects/destinations/words";
import { Button } from "../../ui/controls/Button";
import { Time } from "../../ui/display/Time";
import { toast } from "../../ui/feedback/toasts";
import { Dialog } from "../../ui/panel/Dialog";
import { PageFrame } from "../../ui/panel/PageFrame";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { type Column, Table } from "../../ui/table/Table";
import styles from "./Destinations.module.css";
import { DestinationState } from "./DestinationState";
import { TokenEnd } from "./TokenEnd";
import { destinationPageWords, type Words } from "./words";

export default function DestinationsPage() {
  const words = useWords(destinationPageWords);
  const { form } = useWords(destinationWords);
  const destinations = useDestinations();
  const failure = useFailure(destinations);
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const add = (
    <Guarded permission="destinations.change">
      <Button
        look="primary"
        onClick={() => {
          setAdding(true);
        }}
      >
        {words.add}
      </Button>
    </Guarded>
  );

  return (
    <PageFrame title={words.title} lead={words.lead} actions={(destinations.data?.items.length ?? 0) > 0 && add}>
      {destinations.data === undefined ? (
        failure === null ? (
          <Loading what={words.what.list} rows={2} />
        ) : (
          <Failed what={words.what.list} error={failure} retry={() => void destinations.refetch()} />
        )
      ) : destinations.data.items.length === 0 ? (
        <Empty {...words.none} action={add} />
      ) : (
        <div className={styles.card}>
          <Table
            label={words.title}
            columns={columns(words)}
            rows={destinations.data.items}
            rowKey={({ id }) => id}
            rowLabel={nameOf}
            rowTone={({ status }) => (status === "on_hold" ? "bad" : undefined)}
            onOpen={({ id }) => void navigate(`/destinations/${id}`)}
          />
        </div>
      )}
      {adding && (
        <AddDialog
          action={form.add}
          onClose={() => {
            setAdding(false);
          }}
          taken={destinations.data?.items ?? []}
        />
      )}
    </PageFrame>
  );
}

const nameOf = ({ kind, name }: ListedDestination) => `${destinationName(kind)} (${name})`;

const columns = ({ columns: names }: Words): Column<ListedDestination>[] => [
  { id: "name", header: names.name, cell: nameOf, priority: 1, width: "minmax(120px, 1fr)" },
  { id: "state", header: names.state, cell: ({ status }) => <DestinationState status={status} />, priority: 1 },
  { id: "since", header: names.since, cell: ({ since, created_at }) => <Time iso={since ?? created_at} /> },
  {
    id: "token",
    header: names.token,
    cell: ({ token_expires_at }) => (token_expires_at === null ? "–" : <TokenEnd iso={token_expires_at} />),
    width: "minmax(160px, 1fr)",
  },
  { id: "why", header: names.why, cell: ({ reason }) => reason ?? "–", width: "minmax(160px, 2fr)" },
];

interface AddProps {
  action: string;
  taken: readonly ListedDestination[];
  onClose: () => void;
}

function AddDialog({ action, taken, onClose }: AddProps) {
  const words = useWords(destinationPageWords);
  const navigate = useNavigate();
  const add = useAddMeta(({ id }) => {
    toast({ text: words.added, tone: "good" });
    void navigate(`/destinations/${id}`);
  });
  const isFirst = taken.every(({ kind }) => kind !== "meta");

  return (
    <Dialog title={words.addTitle} onClose={onClose}>
      <MetaForm
        action={action}
        busy={add.isPending}
        error={add.error}
        onSave={(config, token) => {
          // Several datasets of one shop are told apart by their ids.
          add.start({ name: isFirst ? "default" : config.pixel_id, token, config });
        }}
      />
    </Dialog>
  );
}
