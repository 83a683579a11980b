import styles from "./Chart.module.css";
import { ChartFigure, type ChartProps } from "./ChartFigure";
import type { Series } from "./series";

interface Props extends Omit<ChartProps, "series"> {
  series: Series;
  /** Where the vertical axis ends. It starts at zero. */
  end: number;
}

/** A value that holds until the next change, such as a score after each event. */
export function StepCurve({ series, end, ...rest }: Props) {
  const steps = series.values.map((value, index) => {
    const y = (100 * (1 - (value ?? 0) / end)).toFixed(2);
    return index === 0 ? `M0 ${y}H1` : `V${y}H${index + 1}`;
  });

  return (
    <ChartFigure {...rest} series={[series]} end={end}>
      <path data-tone={series.tone} className={styles.line} d={steps.join("")} />
    </ChartFigure>
  );
}
