import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { SectionList } from "../../api/types";
import { useWords } from "../../i18n/words";
import styles from "./PaymentPage.module.css";
import { paymentPageWords } from "./words";

/** From which risk the shop reviews and blocks now. */
export function Thresholds() {
  const words = useWords(paymentPageWords);
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => get<SectionList>("/api/v1/settings", {}, signal),
  });
  const fields = settings.data?.items.flatMap((section) => section.fields) ?? [];
  const value = (name: string) => fields.find((field) => field.name === name)?.value;
  const [review, block] = [value("review_at"), value("block_at")];

  if (typeof review !== "number" || typeof block !== "number") return null;
  return <p className={styles.thresholds}>{words.thresholds(review, block)}</p>;
}
