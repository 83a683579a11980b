import styles from "./Sparkline.module.css";

const WIDTH = 72;
const HEIGHT = 20;

/** The course of a number; decoration beside the number itself. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);

  return (
    <svg aria-hidden="true" className={styles.line} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / most) * HEIGHT);
        return (
          <rect
            key={index}
            x={index * step}
            y={HEIGHT - height}
            width={Math.max(1, step - 1)}
            height={height}
            rx="0.5"
            data-none={value === 0 || undefined}
          />
        );
      })}
    </svg>
  );
}
