import type { Customer, TrustEntry } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { Meter } from "../../ui/display/Meter";
import { humanise } from "../../ui/format/text";
import { formatTime } from "../../ui/format/time";
import { Entry, EntryList } from "../../ui/panel/EntryList";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./CustomerTrust.module.css";
import { statusNote, trustCauseLabel } from "./labels";
import { useCustomer } from "./useCustomer";

const MAX_CHANGES = 10;

/** A customer's trust score, status and latest changes of trust. */
export function CustomerTrust({ id }: { id: string }) {
  const customer = useCustomer(id);
  const failure = useFailure(customer);

  return (
    <Section title="Customer">
      <p className={styles.id}>{id}</p>
      {body()}
    </Section>
  );

  function body() {
    if (failure !== null) {
      return <Failed what="The customer" error={failure} retry={() => void customer.refetch()} />;
    }
    if (!customer.isSuccess) return <Loading what="the customer" rows={2} />;
    return <Trust customer={customer.data} />;
  }
}

function Trust({ customer: { trust_score, status, history } }: { customer: Customer }) {
  const changes = history.filter((entry): entry is TrustEntry => entry.kind === "trust").slice(0, MAX_CHANGES);

  return (
    <>
      <p className={styles.score}>
        <span>Trust</span>
        <Meter score={trust_score} tone={toneOf(trust_score)} />
        {status !== "neutral" && <span className={styles.status}>{humanise(status)}</span>}
      </p>
      {changes.length === 0 ? <Empty text="The score has not changed yet." /> : <TrustHistory changes={changes} />}
    </>
  );
}

function TrustHistory({ changes }: { changes: readonly TrustEntry[] }) {
  return (
    <EntryList>
      {changes.map((change) => (
        <Entry
          key={change.version}
          title={trustCauseLabel(change.cause)}
          value={
            <>
              {change.score_before} → <strong>{change.score_after}</strong>
            </>
          }
          time={<time dateTime={change.at}>{formatTime(change.at)}</time>}
          note={statusNote(change)}
        />
      ))}
    </EntryList>
  );
}

function toneOf(score: number): "good" | "warn" | "bad" {
  if (score < 25) return "bad";
  return score < 45 ? "warn" : "good";
}
