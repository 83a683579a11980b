import { type ReactNode, useState } from "react";

import { Link } from "react-router";

import { useWords } from "../../i18n/words";
import { formatCompact, formatCount } from "../format/number";
import { Disclosure } from "../panel/Disclosure";
import { uiWords } from "../words";
import styles from "./ChartFigure.module.css";
import { type ChartColumn, namedColumns, type Series } from "./series";

export interface ChartProps {
  title: string;
  /** What the chart shows, in a sentence. */
  sentence: string;
  columns: readonly ChartColumn[];
  series: readonly Series[];
  /** Format a value in full. As a count, unless given. */
  format?: (value: number) => string;
  formatAxis?: (value: number) => string;
}

interface Props extends ChartProps {
  /** Where the vertical axis ends. It starts at zero. */
  end: number;
  /** What is drawn: one unit wide for each column, 100 high. */
  children: ReactNode;
}

/** A chart with its axes, a legend that gives the numbers of the column under the pointer or the focus, and a table. */
export function ChartFigure(props: Props) {
  const { title, sentence, columns, series, end, format = formatCount, formatAxis = formatCompact, children } = props;
  const words = useWords(uiWords);
  const [active, setActive] = useState<number | null>(null);
  const named = namedColumns(columns.length);

  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        <h2>{title}</h2>
        <p className="visually-hidden">{sentence}</p>
        <ul className={styles.legend}>
          {active !== null && <li className={styles.at}>{columns[active]?.name}</li>}
          {series.map(({ id, name, tone, values }) => (
            <li key={id} data-tone={tone} className={styles.key}>
              {name}
              {active !== null && <strong>{show(values[active], format)}</strong>}
            </li>
          ))}
        </ul>
      </figcaption>
      <div className={styles.plot}>
        <div aria-hidden="true" className={styles.scale}>
          <span>{formatAxis(end)}</span>
          <span>{formatAxis(end / 2)}</span>
          <span>0</span>
        </div>
        <div className={styles.area}>
          <svg aria-hidden="true" viewBox={`0 0 ${Math.max(1, columns.length)} 100`} preserveAspectRatio="none">
            <path className={styles.grid} d={`M0 0H${columns.length}M0 50H${columns.length}M0 100H${columns.length}`} />
            {children}
          </svg>
          <div
            className={styles.columns}
            onPointerLeave={() => {
              setActive(null);
            }}
          >
            {columns.map((column, index) => (
              <Target
                key={column.id}
                column={column}
                label={[column.name, ...series.map(({ name, values }) => `${name} ${show(values[index], format)}`)].join(", ")}
                onActive={(isActive) => {
                  setActive(isActive ? index : null);
                }}
              />
            ))}
          </div>
        </div>
        <div aria-hidden="true" className={styles.names}>
          {named.map((index) => (
            <span key={index} style={{ left: `${((index + 0.5) / columns.length) * 100}%` }}>
              {columns[index]?.short}
            </span>
          ))}
        </div>
      </div>
      <Disclosure title={words.asTable}>
        <Values {...props} format={format} />
      </Disclosure>
    </figure>
  );
}

const show = (value: number | null | undefined, format: (value: number) => string): string => (value == null ? "–" : format(value));

interface TargetProps {
  column: ChartColumn;
  label: string;
  onActive: (isActive: boolean) => void;
}

/** What the pointer meets of a column. With a list behind it, it is a link; without, the table serves the keyboard. */
function Target({ column: { to }, label, onActive }: TargetProps) {
  const enter = () => {
    onActive(true);
  };
  if (to === undefined) return <span onPointerEnter={enter} />;
  return (
    <Link
      to={to}
      aria-label={label}
      onPointerEnter={enter}
      onFocus={enter}
      onBlur={() => {
        onActive(false);
      }}
    />
  );
}

function Values({ title, columns, series, format }: Required<Pick<Props, "title" | "columns" | "series" | "format">>) {
  return (
    <div className={styles.values}>
      <table aria-label={title}>
        <thead>
          <tr>
            <td />
            {series.map(({ id, name }) => (
              <th key={id} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map(({ id, name }, index) => (
            <tr key={id}>
              <th scope="row">{name}</th>
              {series.map((each) => (
                <td key={each.id}>{show(each.values[index], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
