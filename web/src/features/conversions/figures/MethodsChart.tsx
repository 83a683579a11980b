import type { TimeSeries } from "../../../api/types";
import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { METHODS, methodTitle } from "../../../subjects/conversions/methods";
import { conversionWords } from "../../../subjects/conversions/words";
import { BarChart } from "../../../ui/charts/BarChart";
import type { Series } from "../../../ui/charts/series";
import type { Range } from "../../../ui/controls/range";
import { formatDate, formatHour } from "../../../ui/format/time";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { conversionsWords } from "../words";
import { dueOf, sum, useMethods } from "./useFigures";

/** Surer methods are at the bottom. */
const TONES: Record<(typeof METHODS)[number], Series["tone"]> = {
  click_id: "good",
  fbc: "accent",
  fbp: "info",
  email: "violet",
  phone: "teal",
  ip_user_agent: "warn",
  none: "plain",
};

/** The conversions over time, by how they were matched to a click. */
export function MethodsChart({ range }: { range: Range }) {
  const words = useWords(conversionsWords);
  const conversions = useWords(conversionWords);
  const methods = useMethods(range);
  const failure = useFailure(methods);

  if (failure !== null && methods.data === undefined) {
    return <Failed what={words.theChart} error={failure} retry={() => void methods.refetch()} />;
  }
  const { data } = methods;
  if (data === undefined) return <Loading what={words.theChart} rows={4} />;
  const present = METHODS.map((method) => ({ method, values: dueOf(data, method) })).filter(({ values }) => sum(values) > 0);
  return (
    <BarChart
      title={words.byMethod}
      sentence={words.byMethodText(sum(present.flatMap(({ values }) => values)))}
      columns={data.at.map((start) => ({ id: start, ...nameOf(start, data.granularity) }))}
      series={present.map(({ method, values }) => ({
        id: method,
        name: methodTitle(conversions, method),
        tone: TONES[method],
        values,
      }))}
    />
  );
}

function nameOf(start: string, granularity: TimeSeries["granularity"]) {
  if (granularity === "day") return { name: formatDate(start), short: formatDate(start) };
  return { name: `${formatDate(start)} ${formatHour(start)}`, short: formatHour(start) };
}
