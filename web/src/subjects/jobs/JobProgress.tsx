import { useEffect, useEffectEvent } from "react";

import { ApiError } from "../../api/client";
import type { Job } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Badge } from "../../ui/display/Badge";
import { Icon } from "../../ui/display/Icon";
import { Progress } from "../../ui/display/Progress";
import { formatCount } from "../../ui/format/number";
import { humanise } from "../../ui/format/text";
import { useProblemText } from "../../ui/problems/problemText";
import { Failed } from "../../ui/states/Failed";
import { FormError } from "../../ui/states/FormError";
import { Loading } from "../../ui/states/Loading";
import styles from "./JobProgress.module.css";
import { isOver, useCancelJob, useJob } from "./useJob";
import { jobWords, type Words } from "./words";

interface Props {
  id: string;
  /** The job is over: what it changed can be read anew. */
  onEnd?: (job: Job) => void;
  /** Offers to take the job off the page, once it is over. */
  onClose?: () => void;
}

/** How far a job is, with a button that stops it, and its result at the end. It reads the job, so it survives a reload. */
export function JobProgress({ id, onEnd, onClose }: Props) {
  const words = useWords(jobWords);
  const job = useJob(id);
  const over = job.data !== undefined && isOver(job.data);
  const end = useEffectEvent(() => {
    if (job.data !== undefined) onEnd?.(job.data);
  });

  useEffect(() => {
    if (over) end();
  }, [over]);

  if (job.isPending) return <Loading what={words.what} rows={1} />;
  if (job.data === undefined) {
    if (job.error instanceof ApiError && job.error.status === 404) return <p>{words.gone}</p>;
    return <Failed what={words.what} error={job.error} retry={() => void job.refetch()} />;
  }
  return <JobView job={job.data} onClose={onClose} />;
}

const TONES = { queued: "plain", running: "info", done: "good", failed: "bad", canceled: "warn" } as const;

function JobView({ job, onClose }: { job: Job; onClose: Props["onClose"] }) {
  const words = useWords(jobWords);
  const problemText = useProblemText();
  const cancel = useCancelJob(job.id);
  const over = isOver(job);
  const stopping = !over && (job.cancel_requested_at !== null || cancel.isPending);
  const failedAgain = job.counts.failed_again ?? 0;

  return (
    <section className={styles.job} aria-label={words.kinds[job.kind] ?? humanise(job.kind)}>
      <div className={styles.head}>
        <strong>{words.kinds[job.kind] ?? humanise(job.kind)}</strong>
        <Badge tone={TONES[job.state]}>{words.states[job.state]}</Badge>
        <span className={styles.faint}>{words.startedBy(job.started_by)}</span>
      </div>
      {!over && (
        <Button
          busy={stopping}
          onClick={() => {
            cancel.start(undefined);
          }}
        >
          {words.stop}
        </Button>
      )}
      {over && onClose !== undefined && (
        <Button look="quiet" aria-label={words.close} onClick={onClose}>
          <Icon name="close" />
        </Button>
      )}
      {!over && (
        <div className={styles.line}>
          <Progress label={words.progress} value={job.total === null ? undefined : job.done} max={job.total ?? 1} />
        </div>
      )}
      {job.result !== null && job.result_until !== null && (
        <a href={job.result} download>
          {words.download}
        </a>
      )}
      <p className={styles.counts} role="status">
        {stopping ? words.stopping : countsText(words, job)}
      </p>
      {over && failedAgain > 0 && <p className={styles.line}>{words.failedAgain(failedAgain)}</p>}
      {job.error !== null && <FormError text={job.error} />}
      {cancel.error !== null && <FormError text={problemText(cancel.error)} />}
    </section>
  );
}

/** The results so far, such as "149 replayed · 2 failed again". */
export function countsText(words: Words, { counts, done }: Job): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  if (entries.length === 0) return formatCount(done);
  return entries.map(([name, count]) => words.counts[name]?.(count) ?? `${humanise(name)}: ${formatCount(count)}`).join(" · ");
}
