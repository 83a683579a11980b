import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { MatchGoal } from "../../../subjects/conversions/MatchGoal";
import { StatCard } from "../../../ui/display/StatCard";
import { formatCount, formatPercent } from "../../../ui/format/number";
import { Failed } from "../../../ui/states/Failed";
import { type ConversionsAddress, conversionsPath, type Status } from "../address";
import { conversionsWords } from "../words";
import styles from "./Figures.module.css";
import { useFigures } from "./useFigures";

const UNKNOWN = "–";

/** The numbers of the range. Each leads to the conversions that it counts. */
export function Figures({ address }: { address: ConversionsAddress }) {
  const words = useWords(conversionsWords);
  const figures = useFigures(address.range);
  const failure = useFailure(figures);

  if (failure !== null && figures.data === undefined) {
    return <Failed what={words.theFigures} error={failure} retry={() => void figures.refetch()} />;
  }
  const { match, reached } = figures.data ?? {};
  const show = (count: number | undefined) => (count === undefined ? UNKNOWN : formatCount(count));
  const leadTo = (status: Status) => conversionsPath({ range: address.range, status, job: address.job });
  return (
    <div className={styles.figures}>
      <StatCard title={words.matchRate} value={match?.rate == null ? UNKNOWN : formatPercent(match.rate)} beside={<MatchGoal />} busy={figures.isPlaceholderData} />
      <StatCard title={words.sent} to={leadTo("dispatched")} value={show(reached?.dispatched)} busy={figures.isPlaceholderData}>
        {reached?.p95_ms != null && `${words.delivery} ${seconds(words.seconds, reached.p95_ms)}`}
      </StatCard>
      <StatCard title={words.waiting} to={leadTo("pending")} value={show(reached?.pending)} busy={figures.isPlaceholderData} />
      <StatCard title={words.kept} to={leadTo("suppressed")} value={show(reached?.suppressed)} busy={figures.isPlaceholderData} />
      <StatCard title={words.failed} to={leadTo("failed")} value={show(reached?.failed)} busy={figures.isPlaceholderData} />
    </div>
  );
}

const seconds = (word: (seconds: string) => string, milliseconds: number) => word(formatCount(Math.max(1, Math.round(milliseconds / 100)) / 10));
