import type { PaymentStory } from "../../api/types";
import { useWords } from "../../i18n/words";
import { humanise } from "../../ui/format/text";
import { formatDateTime } from "../../ui/format/time";
import { FactList } from "../../ui/panel/FactList";
import { Section } from "../../ui/panel/Section";
import { paymentPageWords } from "./words";

/** Ids and what the gateway says of the payment. */
export function Technical({ payment }: { payment: PaymentStory["payment"] }) {
  const { technical, facts } = useWords(paymentPageWords);
  const card = [payment.card_brand && humanise(payment.card_brand), payment.card_last4 && `•••• ${payment.card_last4}`, payment.card_country];

  return (
    <Section title={technical}>
      <FactList
        facts={[
          { label: facts.id, value: payment.id, code: true },
          { label: facts.order, value: payment.order_id, code: true },
          { label: facts.customer, value: payment.customer_id, code: true },
          { label: facts.method, value: payment.payment_method && humanise(payment.payment_method) },
          { label: facts.card, value: card.filter(Boolean).join(" ") },
          { label: facts.products, value: payment.products.join(", ") },
          { label: facts.created, value: formatDateTime(payment.created_at) },
          { label: facts.updated, value: formatDateTime(payment.updated_at) },
        ]}
      />
    </Section>
  );
}
