import { Link } from "react-router";

import type { Conversion, ConversionDelivery } from "../../../api/types";
import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { Guarded } from "../../../session/Guarded";
import { ConversionState } from "../../../subjects/conversions/ConversionState";
import { causeOf, conversionNote } from "../../../subjects/conversions/labels";
import { matchText } from "../../../subjects/conversions/methods";
import { isBlocked, SendAnyway } from "../../../subjects/conversions/SendAnyway";
import { conversionWords } from "../../../subjects/conversions/words";
import { PaymentLink } from "../../../subjects/payments/PaymentLink";
import { Button } from "../../../ui/controls/Button";
import { JsonView } from "../../../ui/display/JsonView";
import { Time } from "../../../ui/display/Time";
import { formatMoney } from "../../../ui/format/money";
import { formatCount } from "../../../ui/format/number";
import { humanise } from "../../../ui/format/text";
import { formatDateTime } from "../../../ui/format/time";
import { Entry, EntryList } from "../../../ui/panel/EntryList";
import { FactList } from "../../../ui/panel/FactList";
import { Section } from "../../../ui/panel/Section";
import { SidePanel } from "../../../ui/panel/SidePanel";
import { Empty } from "../../../ui/states/Empty";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { conversionsPath } from "../address";
import { useRetry } from "../retry/useRetry";
import { conversionsWords } from "../words";
import styles from "./ConversionPanel.module.css";
import { useConversion } from "./useConversionList";

/** One conversion: its state and why, each attempt with its answer, and what is sent. */
export function ConversionPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const words = useWords(conversionsWords);
  const { conversion, delivery } = useConversion(id);
  const failure = useFailure(conversion);

  function body() {
    if (failure !== null) return <Failed what={words.theConversion} error={failure} retry={() => void conversion.refetch()} />;
    if (conversion.data === undefined) return <Loading what={words.theConversion} rows={3} />;
    return <Facts conversion={conversion.data} />;
  }

  return (
    <SidePanel title={words.panel} contentId={id} onClose={onClose}>
      {body()}
      {delivery.data !== undefined && <Delivery delivery={delivery.data} />}
      {delivery.isError && failure === null && (
        <Failed what={words.attempts} error={delivery.error} retry={() => void delivery.refetch()} />
      )}
    </SidePanel>
  );
}

function Facts({ conversion }: { conversion: Conversion }) {
  const words = useWords(conversionsWords);
  const conversions = useWords(conversionWords);
  const { match } = conversion;
  const { facts } = words;
  const note = conversionNote(conversions, conversion);
  const cause = causeOf(conversion);

  return (
    <Section title={words.panel} hideTitle>
      <div className={styles.state}>
        <ConversionState conversion={conversion} />
        {note !== null && <p className={styles.note}>{note}</p>}
        {isBlocked(conversion) && <SendAnyway id={conversion.id} />}
        {conversion.status === "failed" && <RetryOne id={conversion.id} />}
      </div>
      <FactList
        facts={[
          { label: facts.amount, value: formatMoney(conversion.amount_minor, conversion.currency) },
          { label: facts.match, value: matchText(conversions, match) },
          { label: facts.event, value: conversion.event_name },
          { label: facts.created, value: formatDateTime(conversion.created_at) },
        ]}
      />
      <p className={styles.links}>
        <PaymentLink id={conversion.payment_id}>{facts.payment}</PaymentLink>
        <Link to={`/destinations/${conversion.destination_id}`}>{facts.destination}</Link>
        {cause !== undefined && <Link to={conversionsPath({ status: conversion.status, cause })}>{words.sameCause}</Link>}
      </p>
    </Section>
  );
}

function RetryOne({ id }: { id: string }) {
  const words = useWords(conversionsWords);
  const retry = useRetry();

  return (
    <Guarded permission="dead_letters.settle">
      <Button
        busy={retry.isPending}
        onClick={() => {
          retry.start({ ids: [id] });
        }}
      >
        {words.retry}
      </Button>
    </Guarded>
  );
}

function Delivery({ delivery: { state, next_attempt_at, attempts, event } }: { delivery: ConversionDelivery }) {
  const words = useWords(conversionsWords);

  return (
    <>
      <Section title={words.attempts}>
        {state === "held" && <p className={styles.note}>{words.held}</p>}
        {next_attempt_at !== null && (
          <p className={styles.note}>
            {words.nextAttempt}: <Time iso={next_attempt_at} />
          </p>
        )}
        {attempts.length === 0 ? (
          <Empty text={words.noAttempts} />
        ) : (
          <EntryList>
            {attempts.map(({ number, at, outcome, code, reason, duration_ms, trace_id }) => (
              <Entry
                key={number}
                title={`${words.attempt(number)}: ${words.outcomes[outcome] ?? humanise(outcome)}`}
                value={duration_ms === null ? "" : `${formatCount(duration_ms)} ms`}
                time={<Time iso={at} />}
                note={[reason, code === null ? null : `(${code})`].filter(Boolean).join(" ") || undefined}
                detail={trace_id ?? undefined}
              />
            ))}
          </EntryList>
        )}
      </Section>
      <Section title={words.payload}>
        {event === null ? <Empty text={words.noPayload} /> : <JsonView label={words.payload} value={event} />}
      </Section>
    </>
  );
}
