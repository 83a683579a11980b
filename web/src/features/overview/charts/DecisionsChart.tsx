import type { TimeSeries } from "../../../api/types";
import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { currentZone } from "../../../i18n/zone";
import { BarChart } from "../../../ui/charts/BarChart";
import type { ChartColumn, Series } from "../../../ui/charts/series";
import { dayIn, type Range } from "../../../ui/controls/range";
import { formatCount } from "../../../ui/format/number";
import { formatDate, formatHour } from "../../../ui/format/time";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { overviewWords } from "../words";
import { useDecisionSeries, useFigureSeries } from "./useCharts";

const TONES = { allow: "good", review: "warn", block: "bad" } as const;
const DECISIONS = ["allow", "review", "block"] as const;

/** The payments over time by their decision, and over them the sales that reached Meta. */
export function DecisionsChart({ range }: { range: Range }) {
  const words = useWords(overviewWords);
  const decisions = useDecisionSeries(range);
  const figures = useFigureSeries(range);
  const failure = useFailure(decisions);

  if (failure !== null && decisions.data === undefined) {
    return <Failed what={words.theChart} error={failure} retry={() => void decisions.refetch()} />;
  }
  if (decisions.data === undefined) return <Loading what={words.theChart} rows={4} />;
  const columns = columnsOf(decisions.data);
  const sent = valuesOf(figures.data, null, "conversions_dispatched", columns.length);
  return (
    <BarChart
      title={words.decisions}
      sentence={words.decisionsText(formatCount(sent.reduce((sum, value) => sum + value, 0)))}
      columns={columns}
      series={DECISIONS.map((decision): Series => ({
        id: decision,
        name: words.decision[decision],
        tone: TONES[decision],
        values: valuesOf(decisions.data, decision, "payments", columns.length),
      }))}
      line={{ id: "sent", name: words.sentToMeta, tone: "accent", values: sent }}
    />
  );
}

function columnsOf({ at, granularity }: TimeSeries): ChartColumn[] {
  return at.map((start) => {
    const day = dayIn(currentZone(), new Date(start));
    if (granularity === "day") {
      return { id: start, name: formatDate(start), short: formatDate(start), to: `/payments?range=${day}..${day}` };
    }
    return { id: start, name: `${formatDate(start)} ${formatHour(start)}`, short: formatHour(start) };
  });
}

function valuesOf(series: TimeSeries | undefined, line: string | null, metric: string, count: number): number[] {
  const values = series?.lines.find(({ value }) => value === line)?.metrics[metric] ?? [];
  return Array.from({ length: count }, (_, index) => values[index] ?? 0);
}
