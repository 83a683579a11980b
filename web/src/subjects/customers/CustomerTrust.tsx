import type { TrustEntry } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { Meter } from "../../ui/display/Meter";
import { formatMoment } from "../../ui/format/time";
import { causeInWords, spoken } from "../../ui/words";
import styles from "../../ui/panel/Section.module.css";
import { useCustomer } from "../detections/useDetails";

const SHOWN = 10;

export function CustomerTrust({ id }: { id: string }) {
  const customer = useCustomer(id);
  const failure = useFailure(customer);

  return (
    <section className={styles.section} aria-labelledby="details-customer">
      <h3 id="details-customer">Customer</h3>
      <p className={styles.id}>{id}</p>
      {body()}
    </section>
  );

  function body() {
    if (failure !== null) {
      return <Failed what="The customer" error={failure} retry={() => void customer.refetch()} />;
    }
    if (!customer.isSuccess) return <Loading what="the customer" rows={2} />;
    const { trust_score, status, history } = customer.data;
    const changes = history.filter((entry): entry is TrustEntry => entry.kind === "trust").slice(0, SHOWN);
    return (
      <>
        <p className={styles.verdict}>
          <span>Trust</span>
          <Meter score={trust_score} tone={toneOf(trust_score)} />
          {status !== "neutral" && <span className={styles.status}>{spoken(status)}</span>}
        </p>
        {changes.length === 0 && <p className={styles.none}>The score has not changed yet.</p>}
        <ol className={styles.entries}>
          {changes.map(({ version, at, cause, score_before, score_after, status, actor, reason }) => (
            <li key={version} className={styles.change}>
              <span className={styles.entryTitle}>{causeInWords(cause)}</span>
              <span>
                {score_before} → <strong>{score_after}</strong>
              </span>
              <time dateTime={at} className={styles.duration}>
                {formatMoment(at)}
              </time>
              {actor !== null && (
                <span className={styles.entryText}>
                  {spoken(status)} by {actor}
                  {reason !== null && `: ${reason}`}
                </span>
              )}
            </li>
          ))}
        </ol>
      </>
    );
  }
}

function toneOf(score: number): "good" | "warn" | "bad" {
  if (score < 25) return "bad";
  return score < 45 ? "warn" : "good";
}
