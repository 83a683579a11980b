import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "react-router";

import { ApiError } from "../../api/client";
import type { Customer } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { useLiveEvents } from "../../stream/useStream";
import { StatusBadge } from "../../subjects/customers/StatusBadge";
import { customerKey, useCustomer } from "../../subjects/customers/useCustomer";
import { useStatus } from "../../subjects/customers/useStatus";
import { LinkButton } from "../../ui/controls/Button";
import { CopyId } from "../../ui/display/CopyId";
import { Glyph } from "../../ui/display/Glyph";
import { PageFrame } from "../../ui/panel/PageFrame";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { CustomerActions } from "./CustomerActions";
import styles from "./CustomerPage.module.css";
import { CustomerTimeline } from "./CustomerTimeline";
import { KnownBy } from "./KnownBy";
import { Notes } from "./Notes";
import { ledgerKey, notesKey, timelineKey } from "./queries";
import { TrustHistory } from "./TrustHistory";
import { pageWords } from "./words";

const UPDATE_INTERVAL_MS = 500;

/** One customer: status, trust with its causes, what they are known by, and what happened. */
export default function CustomerPage() {
  const { id = "" } = useParams();
  const words = useWords(pageWords);
  const customer = useCustomer(id);
  const failure = useFailure(customer);
  useUpdates(id);

  return (
    <PageFrame title={words.title} back={{ to: "/customers", text: words.back }}>
      {body()}
    </PageFrame>
  );

  function body() {
    if (failure instanceof ApiError && failure.status === 404) {
      const { title, text, action } = words.notFound;
      return <Empty title={title} text={text} action={<LinkButton to="/customers">{action}</LinkButton>} />;
    }
    if (failure !== null) return <Failed what={words.the} error={failure} retry={() => void customer.refetch()} />;
    if (!customer.isSuccess) return <Loading what={words.the} rows={8} />;
    return <Loaded customer={customer.data} />;
  }
}

function Loaded({ customer: { id, trust_score, people, status: shownStatus } }: { customer: Customer }) {
  const words = useWords(pageWords);
  const status = useStatus(id).data?.value;

  return (
    <>
      <p className={styles.head}>
        <Glyph id={id} size={28} />
        <CopyId id={id} />
        {status !== undefined && <StatusBadge status={status.status} expires_at={status.expires_at} />}
        {status?.actor && status.status !== "neutral" && <span className={styles.soft}>{words.setBy(status.actor, status.reason)}</span>}
      </p>
      <CustomerActions id={id} status={status?.status ?? shownStatus} merged={people.length > 1} />
      <div className={styles.columns}>
        <div>
          <TrustHistory id={id} score={trust_score} />
          <CustomerTimeline id={id} />
        </div>
        <div>
          <KnownBy id={id} />
          <Notes id={id} />
        </div>
      </div>
    </>
  );
}

/** Fetch again what the stream says has changed about the customer. */
function useUpdates(id: string): void {
  const queries = useQueryClient();

  useLiveEvents((events) => {
    const concerning = events.filter(
      (event) => event.type === "events.skipped" || (event.type !== "gap" && "customer_id" in event.data && event.data.customer_id === id),
    );
    if (concerning.length === 0) return;
    const notes = concerning.some(({ type }) => type === "note.changed") ? [notesKey(id)] : [];
    for (const queryKey of [customerKey(id), ledgerKey(id), timelineKey(id), ...notes]) {
      void queries.invalidateQueries({ queryKey });
    }
  }, UPDATE_INTERVAL_MS);
}
