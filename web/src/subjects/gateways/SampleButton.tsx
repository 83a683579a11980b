import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { Button } from "../../ui/controls/Button";
import { toast } from "../../ui/feedback/toasts";
import { useProblemText } from "../../ui/problems/problemText";
import { useSample } from "./useGateways";
import { gatewayWords } from "./words";

/** Send a sample sale as the gateway would. The answer comes as a toast, and with the webhooks. */
export function SampleButton({ gateway }: { gateway: string }) {
  const words = useWords(gatewayWords);
  const problemText = useProblemText();
  const sample = useSample(gateway, ({ status, code, reason, payment_id }) => {
    if (status < 300) {
      toast({
        text: words.sample.sent,
        tone: "good",
        ...(payment_id !== null && { link: { to: `/payments/${encodeURIComponent(payment_id)}`, text: words.sample.see } }),
      });
    } else {
      const refusal = code === null ? undefined : words.refusals[code];
      toast({ text: words.sample.refused(refusal === undefined ? (reason ?? `HTTP ${status}`) : `${refusal.cause}. ${refusal.fix}`), tone: "bad" });
    }
  }, (error) => {
    toast({ text: problemText(error), tone: "bad" });
  });

  return (
    <Guarded permission="gateways.change">
      <Button
        busy={sample.isPending}
        onClick={() => {
          sample.start(undefined);
        }}
      >
        {words.sample.send}
      </Button>
    </Guarded>
  );
}
