import { useState } from "react";

import type { DeadLetter, Quarantined } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { gatewayName } from "../../subjects/gateways/names";
import { Button, LinkButton } from "../../ui/controls/Button";
import { Textarea } from "../../ui/controls/Textarea";
import { CopyId } from "../../ui/display/CopyId";
import { JsonView } from "../../ui/display/JsonView";
import { toast } from "../../ui/feedback/toasts";
import { formatDateTime } from "../../ui/format/time";
import { Confirm } from "../../ui/panel/Dialog";
import { type Fact, FactList } from "../../ui/panel/FactList";
import { Section } from "../../ui/panel/Section";
import { SidePanel } from "../../ui/panel/SidePanel";
import { useProblemText } from "../../ui/problems/problemText";
import { Failed } from "../../ui/states/Failed";
import { FormError } from "../../ui/states/FormError";
import { Loading } from "../../ui/states/Loading";
import { causeOfCode } from "./groupView";
import { permissionTo } from "./permission";
import styles from "./Problems.module.css";
import { type SettledKind, useItem, useSettle } from "./useProblems";
import { problemPageWords, type Words } from "./words";

interface Props {
  kind: SettledKind;
  id: string;
  onOpen: (id: string) => void;
  onClose: () => void;
}

/** One dead letter or quarantined webhook with its contents and history. */
export function ItemPanel({ kind, id, onOpen, onClose }: Props) {
  const words = useWords(problemPageWords);
  const item = useItem(kind, id);
  const failure = useFailure(item);

  return (
    <SidePanel title={kind === "dead-letters" ? words.item.deadLetter : words.item.quarantined} contentId={id} onClose={onClose}>
      {item.data === undefined ? (
        failure === null ? (
          <Loading what={words.what.item} rows={4} />
        ) : (
          <Failed what={words.what.item} error={failure} retry={() => void item.refetch()} />
        )
      ) : (
        <Item kind={kind} item={item.data} onOpen={onOpen} />
      )}
    </SidePanel>
  );
}

function Item({ kind, item, onOpen }: { kind: SettledKind; item: DeadLetter | Quarantined; onOpen: (id: string) => void }) {
  const words = useWords(problemPageWords);
  const cause = "source" in item && item.kind === "conversion" ? causeOfCode(words, item.code) : undefined;

  return (
    <>
      <Section title={words.reason}>
        <p className={styles.itemReason}>{item.reason}</p>
        {cause !== undefined && <p className={styles.fix}>{cause.fix}</p>}
        {item.state === "open" && <ItemActions kind={kind} id={item.id} />}
      </Section>
      <Section title={words.item.technical}>
        <FactList facts={factsOf(words, item)} />
        <p className={styles.id}>
          <CopyId id={item.id} />
          {"subject" in item && item.subject !== null && item.kind !== "conversion" && item.subject.includes(":") && (
            <LinkButton to={`/payments/${encodeURIComponent(item.subject)}`} look="quiet">
              {words.item.payment}
            </LinkButton>
          )}
        </p>
      </Section>
      <Section title={words.item.payload}>
        {item.payload === null ? <p>{words.item.noPayload}</p> : <JsonView label={words.item.payload} value={item.payload} />}
      </Section>
      {"history" in item && item.history.length > 0 && (
        <Section title={words.item.history}>
          <ul className={styles.history}>
            {item.history.map(({ id, reason, attempts, state, first_failed_at }) => (
              <li key={id}>
                <Button
                  look="quiet"
                  onClick={() => {
                    onOpen(id);
                  }}
                >
                  {words.states[state]}
                </Button>
                <span>{reason}</span>
                <span className={styles.times}>{words.item.failed(formatDateTime(first_failed_at), attempts)}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function ItemActions({ kind, id }: { kind: SettledKind; id: string }) {
  const words = useWords(problemPageWords);
  const problemText = useProblemText();
  const [discarding, setDiscarding] = useState(false);
  const [reason, setReason] = useState("");
  const settle = useSettle(kind, id, (action) => {
    setDiscarding(false);
    toast({ text: action === "replay" ? words.item.replayed : words.item.discarded });
  });

  return (
    <div className={styles.actions}>
      <Guarded permission={permissionTo("replay", kind)}>
        <Button
          look="primary"
          busy={settle.isPending && !discarding}
          onClick={() => {
            settle.start({ action: "replay" });
          }}
        >
          {words.item.replay}
        </Button>
      </Guarded>
      <Guarded permission={permissionTo("discard", kind)}>
        <Button
          onClick={() => {
            settle.reset();
            setDiscarding(true);
          }}
        >
          {words.item.discard}
        </Button>
      </Guarded>
      {settle.error !== null && !discarding && <FormError text={problemText(settle.error)} />}
      {discarding && (
        <Confirm
          title={words.item.discardTitle}
          action={words.bulk.discardAction(1)}
          tone="bad"
          busy={settle.isPending}
          error={settle.error}
          onConfirm={() => {
            settle.start({ action: "discard", reason });
          }}
          onClose={() => {
            setDiscarding(false);
          }}
        >
          <p>{words.bulk.discardEffect}</p>
          <Textarea label={words.reason} value={reason} onChange={setReason} required maxLength={500} rows={2} />
        </Confirm>
      )}
    </div>
  );
}

function factsOf({ item: { facts }, sources, states }: Words, item: DeadLetter | Quarantined): Fact[] {
  const time = (iso: string | null) => (iso === null ? null : formatDateTime(iso));
  if ("source" in item) {
    return [
      { label: facts.state, value: states[item.state] },
      { label: facts.where, value: sources[item.source] ?? item.source },
      { label: facts.type, value: item.type, code: true },
      { label: facts.subject, value: item.subject, code: true },
      { label: facts.code, value: item.code, code: true },
      { label: facts.attempts, value: String(item.attempts) },
      { label: facts.firstFailed, value: time(item.first_failed_at) },
      { label: facts.recorded, value: time(item.created_at) },
      { label: facts.settled, value: time(item.settled_at) },
      { label: facts.settledBy, value: item.settled_by },
      { label: facts.settledReason, value: item.settled_reason },
    ];
  }
  return [
    { label: facts.state, value: states[item.state] },
    { label: facts.gateway, value: gatewayName(item.gateway) },
    { label: facts.type, value: item.gateway_event_type, code: true },
    { label: facts.gatewayId, value: item.gateway_event_id, code: true },
    { label: facts.recorded, value: time(item.created_at) },
    { label: facts.replayed, value: time(item.replayed_at ?? item.replay_requested_at) },
    { label: facts.result, value: item.message_type, code: true },
    { label: facts.settled, value: time(item.discarded_at) },
    { label: facts.settledBy, value: item.discarded_by ?? item.replay_requested_by },
    { label: facts.settledReason, value: item.discarded_reason },
  ];
}
