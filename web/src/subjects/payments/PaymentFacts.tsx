import type { Detection, Payment } from "../../api/types";
import { humanise } from "../../ui/format/text";
import { formatDateTime } from "../../ui/format/time";
import { FactList } from "../../ui/panel/FactList";
import { Section } from "../../ui/panel/Section";
import { gatewayName } from "../gateways/names";
import { paymentStateLabel, paymentTypeLabel } from "./labels";
import { usePayment } from "./usePayment";

/** The payment that a decision was made on. */
export function PaymentFacts({ detection }: { detection: Detection }) {
  const payment = usePayment(detection.payment_id).data;

  return (
    <Section title="Payment">
      <FactList
        facts={[
          { label: "Gateway", value: gatewayName(detection.gateway) },
          { label: "Reported", value: paymentTypeLabel(detection.payment_type) },
          { label: "State now", value: payment && paymentStateLabel(payment.state) },
          { label: "Method", value: payment?.payment_method && humanise(payment.payment_method) },
          { label: "Card", value: payment && cardLabel(payment) },
          { label: "Products", value: payment?.products.join(", ") },
          { label: "Occurred", value: formatDateTime(detection.occurred_at) },
          { label: "Decided", value: formatDateTime(detection.created_at) },
          { label: "Payment ID", value: detection.payment_id, code: true },
          { label: "Event ID", value: detection.event_id, code: true },
        ]}
      />
    </Section>
  );
}

function cardLabel({ card_brand, card_last4, card_country }: Payment): string {
  const parts = [card_brand && humanise(card_brand), card_last4 && `•••• ${card_last4}`, card_country];
  return parts.filter(Boolean).join(" ");
}
