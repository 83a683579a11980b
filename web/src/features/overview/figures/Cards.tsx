import type { Overview, TimeSeries } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { MatchGoal } from "../../../subjects/conversions/MatchGoal";
import { methodTitle } from "../../../subjects/conversions/methods";
import { conversionWords } from "../../../subjects/conversions/words";
import type { Range } from "../../../ui/controls/range";
import { Sparkline } from "../../../ui/display/Sparkline";
import { StatCard } from "../../../ui/display/StatCard";
import { formatCount, formatPercent } from "../../../ui/format/number";
import { Disclosure } from "../../../ui/panel/Disclosure";
import { overviewWords } from "../words";
import styles from "./Cards.module.css";
import { Growth, PointChange } from "./Change";
import { growth, points } from "./comparison";
import { largestAmount, OtherAmounts } from "./MoneyLines";

interface Props {
  range: Range;
  /** Undefined while it is loading. */
  overview: Overview | undefined;
  series: TimeSeries | undefined;
  /** Earlier figures are shown while those of another range are loading. */
  busy: boolean;
}

const UNKNOWN = "–";

/** The four numbers. Each leads to the list that it counts, of the same range. */
export function Cards(props: Props) {
  return (
    <div className={styles.cards}>
      <Sales {...props} />
      <ReachedMeta {...props} />
      <FraudStopped {...props} />
      <MatchRate {...props} />
    </div>
  );
}

function Sales({ range, overview, series, busy }: Props) {
  const words = useWords(overviewWords);
  const sales = overview?.period.sales;
  const before = overview?.compared?.sales;

  return (
    <StatCard
      title={words.sales}
      to={`/payments?range=${range}&state=succeeded`}
      value={sales === undefined ? UNKNOWN : largestAmount(sales.amounts, formatCount(0))}
      chart={<History series={series} metric="succeeded" />}
      busy={busy}
    >
      {sales !== undefined && (
        <>
          <span>
            {words.salesCount(sales.payments)} <Growth ratio={growth(sales.payments, before?.payments)} />
          </span>
          <OtherAmounts amounts={sales.amounts} />
        </>
      )}
    </StatCard>
  );
}

function ReachedMeta({ range, overview, series, busy }: Props) {
  const words = useWords(overviewWords);
  const reached = overview?.period.reached;

  return (
    <StatCard
      title={words.reached}
      to={`/conversions?range=${range}`}
      value={reached === undefined ? UNKNOWN : words.reachedOf(formatCount(reached.dispatched), formatCount(reached.due))}
      beside={reached?.rate == null ? undefined : formatPercent(reached.rate)}
      chart={<History series={series} metric="conversions_dispatched" />}
      busy={busy}
    >
      {reached !== undefined && (
        <>
          {reached.failed > 0 && <span className={styles.bad}>{words.failed(reached.failed)}</span>}
          {reached.pending > 0 && <span>{words.waiting(reached.pending)}</span>}
          {reached.suppressed > 0 && <span>{words.kept(reached.suppressed)}</span>}
        </>
      )}
    </StatCard>
  );
}

const STOPPED_BY = ["declined", "canceled", "refunded", "at_provider"] as const;

function FraudStopped({ range, overview, series, busy }: Props) {
  const words = useWords(overviewWords);
  const stopped = overview?.period.fraud_stopped;

  return (
    <StatCard
      title={words.stopped}
      to={`/payments?range=${range}&decision=block`}
      value={stopped === undefined ? UNKNOWN : largestAmount(stopped.total.amounts, formatCount(0))}
      beside={stopped !== undefined && stopped.total.payments > 0 ? words.payments(stopped.total.payments) : undefined}
      chart={<History series={series} metric="stopped" />}
      busy={busy}
    >
      {stopped !== undefined && (
        <>
          <OtherAmounts amounts={stopped.total.amounts} />
          {stopped.share !== null && <span>{words.ofPayments(formatPercent(stopped.share))}</span>}
          {stopped.false_alarms > 0 && <span>{words.falseAlarms(stopped.false_alarms)}</span>}
          <Disclosure title={words.whatCounts}>
            <p>{words.whatCountsText}</p>
            <ul>
              {STOPPED_BY.filter((by) => stopped[by].payments > 0).map((by) => (
                <li key={by}>{words.by[by](stopped[by].payments)}</li>
              ))}
            </ul>
          </Disclosure>
        </>
      )}
    </StatCard>
  );
}

const MOST_METHODS = 3;

function MatchRate({ range, overview, series, busy }: Props) {
  const words = useWords(overviewWords);
  const conversions = useWords(conversionWords);
  const match = overview?.period.match;

  return (
    <StatCard
      title={words.match}
      to={`/conversions?range=${range}`}
      value={match?.rate == null ? UNKNOWN : formatPercent(match.rate)}
      beside={
        <>
          <PointChange points={points(match?.rate ?? null, overview?.compared?.match.rate)} /> <MatchGoal />
        </>
      }
      chart={<History series={series} metric="match_rate" />}
      busy={busy}
    >
      {match?.by_method.slice(0, MOST_METHODS).map(({ method, conversions: count }) => (
        <span key={method}>
          {methodTitle(conversions, method)} {formatCount(count)}
        </span>
      ))}
    </StatCard>
  );
}

function History({ series, metric }: { series: TimeSeries | undefined; metric: string }) {
  const values = series?.lines[0]?.metrics[metric] ?? [];
  return (
    <div className={styles.history}>
      <Sparkline values={values.map((value) => value ?? 0)} />
    </div>
  );
}
