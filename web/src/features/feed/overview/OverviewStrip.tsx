import { useState } from "react";

import type { Counts, Overview } from "../../../api/types";
import { useFailure } from "../../../api/useFailure";
import { Segmented } from "../../../ui/controls/Segmented";
import { Sparkline } from "../../../ui/display/Sparkline";
import { formatMoney } from "../../../ui/format/money";
import { formatCount } from "../../../ui/format/number";
import { Failed } from "../../../ui/states/Failed";
import styles from "./OverviewStrip.module.css";
import { type Period, useOverview } from "./useOverview";

const PERIODS: Record<Period, string> = { today: "Today", last_24h: "24 hours", last_7d: "7 days" };

const FIGURES: { count: keyof Counts; label: string; tone?: "bad" | "warn" | "good" }[] = [
  { count: "payments_succeeded", label: "Payments" },
  { count: "detections_block", label: "Blocked", tone: "bad" },
  { count: "detections_review", label: "In review", tone: "warn" },
  { count: "conversions_dispatched", label: "Conversions sent", tone: "good" },
  { count: "conversions_failed", label: "Conversions failed", tone: "bad" },
];

export function OverviewStrip() {
  const [period, setPeriod] = useState<Period>("today");
  const overview = useOverview(period);
  const failure = useFailure(overview);

  return (
    <section aria-label="Overview" className={styles.overview}>
      <div className={styles.head}>
        <h2 className={styles.title}>Overview</h2>
        <Segmented label="Period" options={PERIODS} value={period} onChange={setPeriod} />
      </div>
      {failure !== null && <Failed what="The overview" error={failure} retry={() => void overview.refetch()} />}
      {(overview.data !== undefined || failure === null) && (
        <dl className={styles.strip} aria-busy={overview.isPending}>
          {FIGURES.map(({ count, label, tone }) => (
            <div key={count} className={styles.number} data-tone={tone}>
              <dt>{label}</dt>
              <dd className={styles.count}>
                {overview.data === undefined ? "–" : formatCount(overview.data[period].counts[count])}
              </dd>
              <dd className={styles.aside}>
                {overview.data !== undefined && (
                  <>
                    <Sparkline values={overview.data.series.points.map(({ counts }) => counts[count])} />
                    <Sum overview={overview.data} period={period} count={count} />
                  </>
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

const SUMS: Partial<Record<keyof Counts, "succeeded_minor" | "blocked_minor" | "dispatched_minor">> = {
  payments_succeeded: "succeeded_minor",
  detections_block: "blocked_minor",
  conversions_dispatched: "dispatched_minor",
};

/** The sum of money behind a count, in the currency with the largest sum; other currencies on hover. */
function Sum({ overview, period, count }: { overview: Overview; period: Period; count: keyof Counts }) {
  const sum = SUMS[count];
  if (sum === undefined) return null;
  const amounts = overview[period].amounts.filter((amounts) => amounts[sum] > 0).sort((a, b) => b[sum] - a[sum]);
  const [largest, ...others] = amounts.map((amounts) => formatMoney(amounts[sum], amounts.currency));
  if (largest === undefined) return null;
  return (
    <span className={styles.sum} title={[largest, ...others].join(" · ")}>
      {largest}
      {others.length > 0 && (
        <span className={styles.more}>
          {" "}
          +{others.length}
          <span className="visually-hidden">: {others.join(", ")}</span>
        </span>
      )}
    </span>
  );
}
