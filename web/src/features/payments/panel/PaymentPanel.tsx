import { useNavigate } from "react-router";

import { useWords } from "../../../i18n/words";
import { Guarded } from "../../../session/Guarded";
import { useRefusal } from "../../../session/permissions";
import { BlockButton } from "../../../subjects/customers/BlockButton";
import { paymentAddress } from "../../../subjects/payments/PaymentLink";
import { StoryBrief } from "../../../subjects/payments/StoryBrief";
import { useStory } from "../../../subjects/payments/useStory";
import { useVerdict } from "../../../subjects/payments/useVerdict";
import { Button, LinkButton } from "../../../ui/controls/Button";
import { useKeys } from "../../../ui/keys/useKeys";
import { SidePanel } from "../../../ui/panel/SidePanel";
import { paymentsWords } from "../words";
import styles from "./PaymentPanel.module.css";

/** The story of a payment in brief beside the list, with what can be done about it at its foot. */
export function PaymentPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { panel: words } = useWords(paymentsWords);
  const navigate = useNavigate();
  const payment = useStory(id).data?.payment;
  const { give, isPending } = useVerdict(id, payment?.verdict ?? null);
  const cannotJudge = useRefusal("payments.give_verdicts");
  const story = paymentAddress(id);
  const note = `${story}#notes`;
  const customerId = payment?.customer_id ?? null;

  useKeys([
    ...(cannotJudge === undefined && payment !== undefined
      ? [
          { key: "a", label: words.legitimate, run: () => { give("legitimate"); } },
          { key: "f", label: words.fraud, run: () => { give("fraud"); } },
        ]
      : []),
    { key: "n", label: words.note, run: () => void navigate(note) },
  ]);

  return (
    <SidePanel title={words.title} contentId={id} onClose={onClose}>
      <StoryBrief paymentId={id} />
      {payment !== undefined && (
        <div className={styles.foot}>
          <Guarded permission="payments.give_verdicts">
            <Button
              aria-keyshortcuts="a"
              aria-pressed={payment.verdict?.verdict === "legitimate"}
              disabled={isPending}
              onClick={() => {
                give("legitimate");
              }}
            >
              {words.legitimate}
            </Button>
            <Button
              aria-keyshortcuts="f"
              aria-pressed={payment.verdict?.verdict === "fraud"}
              disabled={isPending}
              onClick={() => {
                give("fraud");
              }}
            >
              {words.fraud}
            </Button>
          </Guarded>
          {customerId !== null && <BlockButton customerId={customerId} />}
          <LinkButton to={note}>{words.note}</LinkButton>
        </div>
      )}
    </SidePanel>
  );
}
