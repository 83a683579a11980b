import { useState } from "react";

import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { gatewayName } from "../../subjects/gateways/names";
import { gatewayWords } from "../../subjects/gateways/words";
import { useChangeStop, useStopOf } from "../../subjects/switches/useSwitches";
import { Button } from "../../ui/controls/Button";
import { Textarea } from "../../ui/controls/Textarea";
import { toast } from "../../ui/feedback/toasts";
import { Confirm } from "../../ui/panel/Dialog";
import { gatewayPageWords } from "./words";

/** Pause a gateway's webhooks, with what the gateway will see, or resume them. */
export function PauseButton({ gateway }: { gateway: string }) {
  const words = useWords(gatewayPageWords);
  const { guides } = useWords(gatewayWords);
  const [asking, setAsking] = useState(false);
  const [message, setMessage] = useState("");
  const stop = { name: "stop_webhooks", target: gateway } as const;
  const active = useStopOf(stop);
  const change = useChangeStop(stop, (on) => {
    setAsking(false);
    toast({ text: on ? words.pause.paused : words.pause.resumed, tone: "good" });
  });

  // The platform's switch, and one for all gateways, are turned elsewhere.
  if (active !== undefined && (active.scope === "platform" || active.target === null)) return null;
  return (
    <Guarded permission="switches.change">
      {active === undefined ? (
        <Button
          onClick={() => {
            change.reset();
            setAsking(true);
          }}
        >
          {words.pause.pause}
        </Button>
      ) : (
        <Button
          look="primary"
          busy={change.isPending}
          onClick={() => {
            change.start({ on: false });
          }}
        >
          {words.pause.resume}
        </Button>
      )}
      {asking && (
        <Confirm
          title={words.pause.title(gatewayName(gateway))}
          action={words.pause.action}
          tone="bad"
          busy={change.isPending}
          error={change.error}
          onConfirm={() => {
            change.start({ on: true, message });
          }}
          onClose={() => {
            setAsking(false);
          }}
        >
          <p>{words.pause.effect}</p>
          <p>{guides[gateway]?.retries}</p>
          <Textarea label={words.pause.message} value={message} onChange={setMessage} required maxLength={500} rows={2} />
        </Confirm>
      )}
    </Guarded>
  );
}
