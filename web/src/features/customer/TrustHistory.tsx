import { Link } from "react-router";

import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { trustCauseLabel } from "../../subjects/customers/labels";
import { customerWords } from "../../subjects/customers/words";
import { Time } from "../../ui/display/Time";
import { abbreviateId } from "../../ui/format/text";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./CustomerPage.module.css";
import { useLedger } from "./queries";
import { ScoreChart } from "./ScoreChart";
import { pageWords } from "./words";

/** Why the trust score is what it is: a picture, and a table of the changes with their points and the running sum. */
export function TrustHistory({ id, score }: { id: string; score: number }) {
  const words = useWords(pageWords).trust;
  const causes = useWords(customerWords);
  const ledger = useLedger(id);
  const failure = useFailure(ledger);

  return <Section title={words.title(score)}>{body()}</Section>;

  function body() {
    if (failure !== null) return <Failed what={words.the} error={failure} retry={() => void ledger.refetch()} />;
    if (!ledger.isSuccess) return <Loading what={words.the} rows={4} />;
    const { items, start, next_cursor } = ledger.data;
    if (items.length === 0) return <Empty text={words.none} />;
    return (
      <>
        <ScoreChart ledger={ledger.data} />
        {next_cursor !== null && <Empty text={words.older} />}
        {/* It may be wider than a phone: it scrolls sideways. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div role="region" aria-label={words.changes} tabIndex={0} className={styles.scroll}>
          <table className={styles.ledger}>
            <thead>
              <tr>
                <th>{words.cause}</th>
                <th>{words.points}</th>
                <th>{words.score}</th>
                <th>{words.payment}</th>
                <th>{words.when}</th>
              </tr>
            </thead>
            <tbody>
              {items.map((entry) => (
                <tr key={entry.version}>
                  <td>
                    {trustCauseLabel(causes, entry.cause)}
                    {entry.actor !== null && <span className={styles.soft}>{causes.by("", entry.actor, entry.reason)}</span>}
                  </td>
                  <td data-tone={entry.points < 0 ? "bad" : "good"}>{entry.points > 0 ? `+${entry.points}` : entry.points}</td>
                  <td>
                    {entry.score_before} → {entry.score_after}
                    {entry.limited && <span className={styles.soft}>{words.limited}</span>}
                  </td>
                  <td>
                    {entry.payment_id !== null && (
                      <Link to={`/payments/${encodeURIComponent(entry.payment_id)}`}>{abbreviateId(entry.payment_id)}</Link>
                    )}
                  </td>
                  <td>
                    <Time iso={entry.occurred_at} />
                  </td>
                </tr>
              ))}
              {next_cursor === null && (
                <tr>
                  <td>{words.start}</td>
                  <td />
                  <td>{start}</td>
                  <td />
                  <td />
                </tr>
              )}
            </tbody>
          </table>
        </div>
      </>
    );
  }
}
