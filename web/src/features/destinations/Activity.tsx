import { useState } from "react";

import type { DestinationAnswer } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { AnswerView } from "../../subjects/destinations/AnswerView";
import { useDestinationActivity, useProbe } from "../../subjects/destinations/useDestination";
import { Button, LinkButton } from "../../ui/controls/Button";
import { formatCount } from "../../ui/format/number";
import { formatDateTime } from "../../ui/format/time";
import { FactList } from "../../ui/panel/FactList";
import { useProblemText } from "../../ui/problems/problemText";
import { Failed } from "../../ui/states/Failed";
import { FormError } from "../../ui/states/FormError";
import { Loading } from "../../ui/states/Loading";
import styles from "./Destinations.module.css";
import { DestinationState } from "./DestinationState";
import { TokenEnd } from "./TokenEnd";
import { destinationPageWords } from "./words";

/** Whether what is sent arrives, and a probe that checks it now. */
export function Activity({ id, kind }: { id: string; kind: string }) {
  const words = useWords(destinationPageWords);
  const problemText = useProblemText();
  const activity = useDestinationActivity(id);
  const failure = useFailure(activity);
  const [answer, setAnswer] = useState<DestinationAnswer | undefined>();
  const probe = useProbe(id, setAnswer);

  if (activity.data === undefined && failure !== null) {
    return <Failed what={words.what.activity} error={failure} retry={() => void activity.refetch()} />;
  }
  if (activity.data === undefined) return <Loading what={words.what.activity} rows={4} />;
  const { status, waiting, oldest_waiting, dispatched, failed, suppressed, last_dispatched_at, token_expires_at } = activity.data;
  const { facts } = words;
  return (
    <div className={styles.activity}>
      <DestinationState status={status} />
      <FactList
        facts={[
          { label: facts.breaker, value: status === "unavailable" ? words.breaker.open : words.breaker.closed },
          { label: facts.sent, value: formatCount(dispatched) },
          { label: facts.last, value: last_dispatched_at === null ? words.nothing : formatDateTime(last_dispatched_at) },
          { label: facts.waiting, value: formatCount(waiting) },
          { label: facts.oldest, value: oldest_waiting === null ? null : formatDateTime(oldest_waiting) },
          { label: facts.failed, value: formatCount(failed) },
          { label: facts.kept, value: formatCount(suppressed) },
          { label: facts.token, value: token_expires_at === null ? null : <TokenEnd iso={token_expires_at} /> },
        ]}
      />
      <div className={styles.actions}>
        <Guarded permission="destinations.check">
          <Button
            busy={probe.isPending}
            onClick={() => {
              setAnswer(undefined);
              probe.start(undefined);
            }}
          >
            {words.probe}
          </Button>
        </Guarded>
        {failed > 0 && <LinkButton to={`/problems/dead-letters?destination=${kind}&destination_id=${id}`}>{words.seeFailed}</LinkButton>}
      </div>
      {probe.error !== null && <FormError text={problemText(probe.error)} />}
      {answer !== undefined && <AnswerView answer={answer} accepted={words.probeOk} />}
    </div>
  );
}
