import { useWords } from "../../i18n/words";
import type { StreamRefusal, StreamStatus } from "../../stream/eventStream";
import { useStreamStatus } from "../../stream/useStream";
import { problemText } from "../../ui/problems/problemText";
import { problemWords, type Words as ProblemWords } from "../../ui/problems/words";
import { appWords, type Words } from "../words";
import styles from "./ConnectionState.module.css";
import { useIsBusy } from "./useIsBusy";

/** The state of the live connection, and why the server refuses it. `short` leaves only the dot on the screen. */
export function ConnectionState({ short = false }: { short?: boolean }) {
  const status = useStreamStatus();
  const words = useWords(appWords).live;
  const problems = useWords(problemWords);
  const isBusy = useIsBusy();
  const label = labelOf(words, status, isBusy);

  return (
    <div className={styles.connection} title={titleOf()}>
      <p role="status" aria-label={words.label} className={styles.state} data-state={status.state}>
        <span aria-hidden="true" className={styles.dot} />
        <span className={short ? "visually-hidden" : undefined}>{label}</span>
      </p>
      {status.reason !== null && (
        <p role="alert" className={short ? "visually-hidden" : styles.reason}>
          {reasonText(words, problems, status.reason)}
        </p>
      )}
    </div>
  );

  function titleOf() {
    if (status.state === "live" && isBusy) return words.busyWhy;
    return short ? label : undefined;
  }
}

function labelOf(words: Words["live"], { state, reason }: StreamStatus, isBusy: boolean): string {
  if (state === "connecting") return words.connecting;
  if (state === "live") return isBusy ? words.busy : words.live;
  return reason === null ? words.reconnecting : words.refused;
}

function reasonText(words: Words["live"], problems: ProblemWords, { code, detail, retryAfter }: StreamRefusal): string {
  const error = Object.assign(new Error(detail), { code, detail, retryAfter });
  const why = code === "too_many_streams" ? words.tooMany : problemText(problems, error);
  return retryAfter === undefined ? why : `${why} ${words.retry(problems.wait(retryAfter))}`;
}
