import { formatCount } from "../format/number";
import styles from "./Progress.module.css";

interface Props {
  label: string;
  /** How much is done. Undefined while that is unknown. */
  value: number | undefined;
  max: number;
}

/** How far a long piece of work is, as a bar and in numbers. */
export function Progress({ label, value, max }: Props) {
  return (
    <span className={styles.progress}>
      <progress aria-label={label} className={styles.bar} max={Math.max(1, max)} {...(value !== undefined && { value })} />
      {value !== undefined && (
        <span className={styles.numbers}>
          {formatCount(value)}/{formatCount(max)}
        </span>
      )}
    </span>
  );
}
