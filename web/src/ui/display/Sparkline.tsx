import styles from "./Sparkline.module.css";

const WIDTH = 72;
const HEIGHT = 20;

/** A small bar chart beside a number. Hidden from screen readers: it repeats the number's history only. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const highest = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);

  return (
    <svg aria-hidden="true" className={styles.chart} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / highest) * HEIGHT);
        return (
          <rect
            key={index}
            x={index * step}
            y={HEIGHT - height}
            width={Math.max(1, step - 1)}
            height={height}
            rx="0.5"
            data-zero={value === 0 || undefined}
          />
        );
      })}
    </svg>
  );
}
