import type { Job } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import type { Permission } from "../../session/identity";
import { useRefusal } from "../../session/permissions";
import { Button } from "../../ui/controls/Button";
import { Badge } from "../../ui/display/Badge";
import { Icon } from "../../ui/display/Icon";
import { Progress } from "../../ui/display/Progress";
import { Time } from "../../ui/display/Time";
import { useNow } from "../../ui/display/useNow";
import { formatCount } from "../../ui/format/number";
import { humanise } from "../../ui/format/text";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import styles from "./JobView.module.css";
import permissions from "./permissions.json";
import { isOver, useCancelJob } from "./useJob";
import { jobWords, type Words } from "./words";

const TONES = { queued: "plain", running: "info", done: "good", failed: "bad", canceled: "warn" } as const;

interface Props {
  job: Job;
  /** Say the progress to screen readers. Of many jobs together, none is said. */
  announced?: boolean;
  /** Offers to take the job off the page, once it is over. */
  onClose?: (() => void) | undefined;
}

/** A job: who started it and when, how far it is, a button that stops it, and its result at the end. */
export function JobView({ job, announced = false, onClose }: Props) {
  const words = useWords(jobWords);
  const problemText = useProblemText();
  const cancel = useCancelJob(job.id);
  const over = isOver(job);
  const stopping = !over && (job.cancel_requested_at !== null || cancel.isPending);
  const failedAgain = job.counts.failed_again ?? 0;
  const counts = stopping ? words.stopping : countsText(words, job);

  return (
    <div className={styles.job}>
      <div className={styles.head}>
        <strong>{kindText(words, job)}</strong>
        <Badge tone={TONES[job.state]}>{words.states[job.state]}</Badge>
        <span className={styles.faint}>
          {words.startedBy(job.started_by)} · <Time iso={job.created_at} />
        </span>
      </div>
      {!over && (
        <Guarded permission={permissionFor(job)}>
          <Button
            busy={stopping}
            onClick={() => {
              cancel.start(undefined);
            }}
          >
            {words.stop}
          </Button>
        </Guarded>
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
      <File job={job} />
      <p className={styles.counts} role={announced ? "status" : undefined}>
        {counts}
      </p>
      {over && failedAgain > 0 && <p className={styles.line}>{words.failedAgain(failedAgain)}</p>}
      {job.error !== null && <FormError text={job.error} />}
      {cancel.error !== null && <FormError text={problemText(cancel.error)} />}
    </div>
  );
}

/** The file of an export, as long as it is kept. */
function File({ job }: { job: Job }) {
  const words = useWords(jobWords);
  const now = useNow();
  const permission = permissionFor(job);
  const isPermitted = useRefusal(permission) === undefined;

  if (job.result === null || job.result_until === null) return null;
  if (Date.parse(job.result_until) <= now.getTime()) return <p className={styles.line}>{words.expired}</p>;
  if (!isPermitted) {
    return (
      <Guarded permission={permission}>
        <Button>{words.download}</Button>
      </Guarded>
    );
  }
  return (
    <a href={job.result} download>
      {words.download}
    </a>
  );
}

/** Which permission a job's kind needs. Of a kind that only a newer version knows, the API decides. */
const permissionFor = ({ kind }: Job) => (permissions as Record<string, Permission>)[kind] ?? "read";

export const kindText = (words: Words, { kind }: Job): string => words.kinds[kind] ?? humanise(kind);

/** The results so far, such as "149 replayed · 2 failed again". */
function countsText(words: Words, { counts, done }: Job): string {
  const entries = Object.entries(counts).filter(([, count]) => count > 0);
  if (entries.length === 0) return formatCount(done);
  return entries.map(([name, count]) => words.counts[name]?.(count) ?? `${humanise(name)}: ${formatCount(count)}`).join(" · ");
}
