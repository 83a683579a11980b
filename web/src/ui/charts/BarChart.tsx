import styles from "./Chart.module.css";
import { ChartFigure, type ChartProps } from "./ChartFigure";
import { axisEnd, linePath, type Series } from "./series";

interface Props extends ChartProps {
  /** A line over the bars, on the same axis. */
  line?: Series;
}

/** Bars whose parts are stacked, the first at the bottom. */
export function BarChart({ line, series, columns, ...rest }: Props) {
  const sums = columns.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const end = axisEnd(Math.max(0, ...sums, ...(line?.values.map((value) => value ?? 0) ?? [])));

  return (
    <ChartFigure {...rest} columns={columns} series={line === undefined ? series : [...series, line]} end={end}>
      {columns.map(({ id }, index) => (
        <Stack key={id} at={index} parts={series} end={end} />
      ))}
      {line !== undefined && <path data-tone={line.tone} className={styles.line} d={linePath(line.values, end)} />}
    </ChartFigure>
  );
}

function Stack({ at, parts, end }: { at: number; parts: readonly Series[]; end: number }) {
  let top = 100;
  return parts.map(({ id, tone, values }) => {
    const height = (100 * (values[at] ?? 0)) / end;
    top -= height;
    return height > 0 && <rect key={id} data-tone={tone} className={styles.bar} x={at + 0.14} y={top} width="0.72" height={height} />;
  });
}
