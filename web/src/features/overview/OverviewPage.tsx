import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { HealthStrip } from "../../subjects/health/HealthStrip";
import { useAddress } from "../../ui/address/useAddress";
import { LinkButton } from "../../ui/controls/Button";
import { Checkbox } from "../../ui/controls/Checkbox";
import { DateRange } from "../../ui/controls/DateRange";
import { formatTime } from "../../ui/format/time";
import { Banner } from "../../ui/states/Banner";
import { Failed } from "../../ui/states/Failed";
import { overviewAddress } from "./address";
import { DecisionsChart } from "./charts/DecisionsChart";
import { SalesFunnel } from "./charts/SalesFunnel";
import { useFigureSeries } from "./charts/useCharts";
import { Cards } from "./figures/Cards";
import { comparisonOf } from "./figures/comparison";
import { useOverview } from "./figures/useOverview";
import { AttentionList } from "./needs/AttentionList";
import styles from "./OverviewPage.module.css";
import { overviewWords } from "./words";

export default function OverviewPage() {
  const words = useWords(overviewWords);
  const [address, change] = useAddress(overviewAddress);
  const overview = useOverview(address);
  const series = useFigureSeries(address.range);
  const failure = useFailure(overview);
  const isNew = overview.data?.period.attempts === 0 && overview.data.last_7d.counts.webhooks === 0;

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{words.title}</h1>
        <DateRange
          value={address.range}
          onChange={(range) => {
            change({ range });
          }}
        />
        <Checkbox
          label={words.compare[comparisonOf(address.range)]}
          checked={address.compares}
          onChange={(compares) => {
            change({ compares });
          }}
        />
        {overview.data !== undefined && (
          <p className={styles.asOf}>
            {words.asOf} <time dateTime={overview.data.generated_at}>{formatTime(overview.data.generated_at)}</time>
          </p>
        )}
      </header>
      {failure !== null && <Failed what={words.theOverview} error={failure} retry={() => void overview.refetch()} />}
      {isNew && (
        <Banner
          action={
            <LinkButton to="/welcome" look="primary">
              {words.welcomeLink}
            </LinkButton>
          }
        >
          {words.welcome}
        </Banner>
      )}
      {(overview.data !== undefined || failure === null) && (
        <Cards range={address.range} overview={overview.data} series={series.data} busy={overview.isPlaceholderData} />
      )}
      <HealthStrip />
      <div className={styles.columns}>
        <AttentionList />
        <div className={styles.charts}>
          <DecisionsChart range={address.range} />
          <SalesFunnel range={address.range} />
        </div>
      </div>
    </div>
  );
}
