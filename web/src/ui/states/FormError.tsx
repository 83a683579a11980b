import { Icon } from "../display/Icon";
import styles from "./FormError.module.css";

/** Why a form was refused, and what to do. */
export function FormError({ text }: { text: string }) {
  return (
    <p role="alert" className={styles.error}>
      <Icon name="alert" />
      <span>{text}</span>
    </p>
  );
}
