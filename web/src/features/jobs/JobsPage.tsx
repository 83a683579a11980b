import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { JobView } from "../../subjects/jobs/JobView";
import { useJobs } from "../../subjects/jobs/useJob";
import { PageFrame } from "../../ui/panel/PageFrame";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { LoadOlder } from "../../ui/table/LoadOlder";
import styles from "./JobsPage.module.css";
import { jobsPageWords } from "./words";

/** The shop's jobs: what runs, what came of those that ended, and their files. */
export default function JobsPage() {
  const words = useWords(jobsPageWords);

  return (
    <PageFrame title={words.title} lead={words.lead}>
      <List />
    </PageFrame>
  );
}

function List() {
  const words = useWords(jobsPageWords);
  const jobs = useJobs();
  const failure = useFailure(jobs);

  if (jobs.data === undefined) {
    if (failure === null) return <Loading what={words.what} rows={4} />;
    return <Failed what={words.what} error={failure} retry={() => void jobs.refetch()} />;
  }
  const items = jobs.data.pages.flatMap((page) => page.items);
  if (items.length === 0) return <Empty title={words.empty.title} text={words.empty.text} />;
  return (
    <>
      {failure !== null && <Failed what={words.what} error={failure} retry={() => void jobs.refetch()} />}
      <ul className={styles.jobs} aria-label={words.title}>
        {items.map((job) => (
          <li key={job.id}>
            <JobView job={job} />
          </li>
        ))}
      </ul>
      <LoadOlder hasOlder={jobs.hasNextPage} busy={jobs.isFetchingNextPage} onLoad={() => void jobs.fetchNextPage()} />
    </>
  );
}
