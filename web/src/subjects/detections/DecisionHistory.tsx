import type { Detection } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { formatTime } from "../../ui/format/time";
import { Entry, EntryList } from "../../ui/panel/EntryList";
import { Section } from "../../ui/panel/Section";
import { Failed } from "../../ui/states/Failed";
import { paymentTypeLabel } from "../payments/labels";
import { DecisionBadge } from "./DecisionBadge";
import styles from "./DecisionHistory.module.css";
import { decisionSummary, mainReason } from "./labels";
import { replaces } from "./newest";
import { usePaymentDecisions } from "./useDetection";

interface Props {
  detection: Detection;
  onOpen: (detectionId: string) => void;
}

/** The payment's decisions before this one, and what led to each. Nothing if this is the first. */
export function DecisionHistory({ detection, onOpen }: Props) {
  const decisions = usePaymentDecisions(detection.payment_id);
  const failure = useFailure(decisions);
  const all = decisions.data?.items ?? [];
  const earlier = all.filter((other) => other.id !== detection.id && replaces(detection, other));

  if (failure === null && earlier.length === 0) return null;
  return (
    <Section title="Earlier decisions">
      {failure !== null && (
        <Failed what="Earlier decisions" error={failure} retry={() => void decisions.refetch()} />
      )}
      <EntryList>
        {earlier.map((each) => (
          <Entry
            key={each.id}
            title={
              <button
                type="button"
                className={styles.open}
                aria-label={`${decisionSummary(each)}, details`}
                onClick={() => {
                  onOpen(each.id);
                }}
              >
                <DecisionBadge decision={each.decision} />
              </button>
            }
            value={
              <>
                Risk <strong>{each.risk_score}</strong>
              </>
            }
            time={<time dateTime={each.created_at}>{formatTime(each.created_at)}</time>}
            note={causeOf(each)}
            detail={mainReason(each)}
          />
        ))}
      </EntryList>
    </Section>
  );

  function causeOf({ payment_type, event_id, replaces: replacedId }: Detection): string {
    const cause = paymentTypeLabel(payment_type);
    // A decision that is made again because a later event adds facts keeps the event.
    const isAgain = all.some((other) => other.id === replacedId && other.event_id === event_id);
    return isAgain ? `${cause}, with further details` : cause;
  }
}
