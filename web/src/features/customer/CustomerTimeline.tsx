import { Link } from "react-router";

import type { Timeline } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { trustCauseLabel } from "../../subjects/customers/labels";
import { type CustomerWords, customerWords } from "../../subjects/customers/words";
import { detectionWords } from "../../subjects/detections/words";
import { gatewayName } from "../../subjects/gateways/names";
import { paymentWords } from "../../subjects/payments/words";
import { Time } from "../../ui/display/Time";
import { formatMoney } from "../../ui/format/money";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./CustomerPage.module.css";
import { useTimeline } from "./queries";
import { pageWords } from "./words";

type Entry = Timeline["items"][number];

/** Payments, decisions, visits and changes of a customer, newest first. */
export function CustomerTimeline({ id }: { id: string }) {
  const words = useWords(pageWords).timeline;
  const timeline = useTimeline(id);
  const failure = useFailure(timeline);

  return <Section title={words.title}>{body()}</Section>;

  function body() {
    if (failure !== null) return <Failed what={words.the} error={failure} retry={() => void timeline.refetch()} />;
    if (!timeline.isSuccess) return <Loading what={words.the} rows={5} />;
    if (timeline.data.items.length === 0) return <Empty text={words.none} />;
    return (
      <ol className={styles.timeline}>
        {timeline.data.items.map((entry, index) => (
          <li key={`${entry.kind} ${entry.at} ${index}`}>
            <Time iso={entry.at} />
            <Line entry={entry} />
          </li>
        ))}
      </ol>
    );
  }
}

function Line({ entry }: { entry: Entry }) {
  const words = useWords(pageWords).timeline;
  const payments = useWords(paymentWords);
  const { decisions } = useWords(detectionWords);
  const customers = useWords(customerWords);

  switch (entry.kind) {
    case "payment":
      return (
        <Link to={`/payments/${encodeURIComponent(entry.payment_id)}`}>
          {formatMoney(entry.amount_minor, entry.currency)} · {gatewayName(entry.gateway)} · {payments.states[entry.state]}
        </Link>
      );
    case "detection":
      return (
        <Link to={`/payments/${encodeURIComponent(entry.payment_id)}`}>
          {words.decided(decisions[entry.decision], entry.risk_score)}
        </Link>
      );
    case "trust":
      return (
        <span>
          {trustText(customers, entry)}
          {entry.score_before !== entry.score_after && ` · ${words.score(entry.score_before, entry.score_after)}`}
        </span>
      );
    case "visit":
      return <span>{words.visit}</span>;
    case "merge":
      return <span>{words.merge}</span>;
    case "note":
      return (
        <span>
          {words.note}: {entry.text}
        </span>
      );
  }
}

/** What changed the trust, and who changed it: of a status that was set, which one. */
function trustText(words: CustomerWords, { cause, status, actor, reason }: Extract<Entry, { kind: "trust" }>): string {
  const what = cause === "status_set" ? words.statuses[status] : trustCauseLabel(words, cause);
  return actor === null ? what : words.by(what, actor, reason);
}
