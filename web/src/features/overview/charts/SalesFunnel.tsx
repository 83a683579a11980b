import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { Funnel } from "../../../ui/charts/Funnel";
import type { Range } from "../../../ui/controls/range";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { overviewWords } from "../words";
import { useFunnel } from "./useCharts";

/** How many click, start a checkout, pay, and are reported to Meta. */
export function SalesFunnel({ range }: { range: Range }) {
  const words = useWords(overviewWords);
  const funnel = useFunnel(range);
  const failure = useFailure(funnel);

  if (failure !== null && funnel.data === undefined) {
    return <Failed what={words.theChart} error={failure} retry={() => void funnel.refetch()} />;
  }
  if (funnel.data === undefined) return <Loading what={words.theChart} rows={3} />;
  const lists: Partial<Record<string, string>> = {
    payment: `/payments?range=${range}&state=succeeded`,
    conversion: `/conversions?range=${range}&status=dispatched`,
  };
  return (
    <Funnel
      title={words.funnel}
      sentence={words.funnelText}
      steps={funnel.data.steps.map(({ stage, count }) => {
        const to = lists[stage];
        return { id: stage, name: words.steps[stage], count, ...(to !== undefined && { to }) };
      })}
    />
  );
}
