import { useEffect, useEffectEvent } from "react";

import { ApiError } from "../../api/client";
import type { Job } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { JobView, kindText } from "./JobView";
import { isOver, useJob } from "./useJob";
import { jobWords } from "./words";

interface Props {
  id: string;
  /** The job is over: what it changed can be read anew. */
  onEnd?: (job: Job) => void;
  /** Offers to take the job off the page, once it is over. */
  onClose?: () => void;
}

/** How far a job is, on the page that started it. It reads the job, so it survives a reload. */
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
  return (
    <section aria-label={kindText(words, job.data)}>
      <JobView job={job.data} announced onClose={onClose} />
    </section>
  );
}
