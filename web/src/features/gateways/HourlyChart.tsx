import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { useGatewayStats } from "../../subjects/gateways/useGateways";
import { BarChart } from "../../ui/charts/BarChart";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { hourly } from "./hours";
import { gatewayPageWords } from "./words";

export function HourlyChart({ gateway }: { gateway: string }) {
  const words = useWords(gatewayPageWords);
  const stats = useGatewayStats(gateway);
  const failure = useFailure(stats);

  if (stats.data === undefined && failure !== null) {
    return <Failed what={words.what.stats} error={failure} retry={() => void stats.refetch()} />;
  }
  if (stats.data === undefined) return <Loading what={words.what.stats} rows={4} />;
  const { columns, series, total } = hourly(words, stats.data);
  return <BarChart title={words.sections.hours} sentence={words.chart.sentence(total)} columns={columns} series={series} />;
}
