import type { DestinationAnswer, DestinationTestAnswer } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Badge } from "../../ui/display/Badge";
import { CopyId } from "../../ui/display/CopyId";
import { formatCount } from "../../ui/format/number";
import styles from "./Destinations.module.css";
import { destinationWords } from "./words";

interface Props {
  answer: DestinationAnswer | DestinationTestAnswer;
  /** What it means that the destination accepted. */
  accepted: string;
}

/** What a destination answered, with the ids by which it finds the call. */
export function AnswerView({ answer, accepted }: Props) {
  const words = useWords(destinationWords);

  return (
    <section aria-label={words.test.answer} role="status" className={styles.answer}>
      <p>
        <Badge tone={answer.accepted ? "good" : "bad"} icon={answer.accepted ? "check" : "alert"}>
          {words.outcomes[answer.outcome]}
        </Badge>{" "}
        <span className={styles.faint}>{words.test.took(formatCount(answer.duration_ms))}</span>
      </p>
      {answer.accepted && <p>{accepted}</p>}
      {answer.reason !== null && (
        <p>
          {answer.reason} {answer.code !== null && `(${answer.code})`}
        </p>
      )}
      {answer.trace_id !== null && (
        <p>
          {words.test.trace} <CopyId id={answer.trace_id} whole />
        </p>
      )}
      {"event_id" in answer && (
        <p>
          {words.test.event} <CopyId id={answer.event_id} whole />
        </p>
      )}
    </section>
  );
}
