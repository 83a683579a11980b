import { useWords } from "../../i18n/words";
import { useSetting } from "../../subjects/settings/useSetting";
import styles from "./PaymentPage.module.css";
import { paymentPageWords } from "./words";

/** From which risk the shop reviews and blocks now. */
export function Thresholds() {
  const words = useWords(paymentPageWords);
  const [review, block] = [useSetting("detector", "review_at"), useSetting("detector", "block_at")];

  if (typeof review !== "number" || typeof block !== "number") return null;
  return <p className={styles.thresholds}>{words.thresholds(review, block)}</p>;
}
