import styles from "./Chart.module.css";
import { ChartFigure, type ChartProps } from "./ChartFigure";
import { axisEnd, linePath } from "./series";

/** At most three lines. Each further one is dashed differently, so that colour is not needed to tell them apart. */
export function LineChart({ series, ...rest }: ChartProps) {
  const end = axisEnd(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));

  return (
    <ChartFigure {...rest} series={series} end={end}>
      {series.map(({ id, tone, values }, index) => (
        <path key={id} data-tone={tone} data-dash={index} className={styles.line} d={linePath(values, end)} />
      ))}
    </ChartFigure>
  );
}
