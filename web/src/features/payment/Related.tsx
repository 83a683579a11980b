import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { Related as RelatedGroups } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { paymentKey, paymentPath } from "../../subjects/payments/queries";
import { PaymentLink } from "../../subjects/payments/PaymentLink";
import { moneyLabel } from "../../subjects/payments/labels";
import { paymentWords } from "../../subjects/payments/words";
import { Time } from "../../ui/display/Time";
import { formatMoney } from "../../ui/format/money";
import { Disclosure } from "../../ui/panel/Disclosure";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./PaymentPage.module.css";
import { paymentPageWords } from "./words";

const SHOWN = 10;

/** Payments that share the buyer, the card, the device or the address: how many, how much, and how many were fraud. */
export function Related({ paymentId }: { paymentId: string }) {
  const words = useWords(paymentPageWords);
  const texts = useWords(paymentWords);
  const related = useQuery({
    queryKey: [...paymentKey(paymentId), "related"],
    queryFn: ({ signal }) => get<RelatedGroups>(`${paymentPath(paymentId)}/related`, { limit: SHOWN }, signal),
  });
  const failure = useFailure(related);

  return <Section title={words.related}>{body()}</Section>;

  function body() {
    if (failure !== null) return <Failed what={words.related} error={failure} retry={() => void related.refetch()} />;
    if (!related.isSuccess) return <Loading what={words.related} rows={2} />;
    const groups = related.data.groups.filter(({ payments }) => payments > 0);
    if (groups.length === 0) return <Empty text={words.noRelated} />;
    return groups.map((group) => (
      <Disclosure
        key={group.link}
        title={
          <span>
            {words.links[group.link]} · {words.relatedCount(group.payments, group.complete)}
            {group.amounts.map(({ currency, amount_minor }) => ` · ${formatMoney(amount_minor, currency)}`).join("")}
            {group.fraud > 0 && <span className={styles.frauds}> · {words.frauds(group.fraud)}</span>}
          </span>
        }
      >
        {group.items.map((each) => (
          <p key={each.id} className={styles.group}>
            <PaymentLink id={each.id}>{formatMoney(each.amount_minor, each.currency)}</PaymentLink>
            <span>{moneyLabel(texts, each)}</span>
            <Time iso={each.created_at} />
          </p>
        ))}
      </Disclosure>
    ));
  }
}
