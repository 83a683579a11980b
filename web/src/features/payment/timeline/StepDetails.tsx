import type { PaymentStory, StoryStep } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { conversionNote, matchLabel, triedLabel, utmLabel } from "../../../subjects/conversions/labels";
import { conversionWords } from "../../../subjects/conversions/words";
import { DetectorList } from "../../../subjects/detections/DetectorList";
import { ReasonList } from "../../../subjects/detections/ReasonList";
import { paymentWords } from "../../../subjects/payments/words";
import { CopyId } from "../../../ui/display/CopyId";
import { JsonView } from "../../../ui/display/JsonView";
import { formatTime } from "../../../ui/format/time";
import { paymentPageWords } from "../words";
import { Retry } from "./Retry";
import { WebhookStep } from "./WebhookStep";

interface Props {
  step: StoryStep;
  story: PaymentStory;
}

/** What is behind a step: its webhook, decision, entry, conversion, attempts or change. */
export function StepDetails({ step: { part, id, at, detail }, story }: Props) {
  const words = useWords(paymentPageWords);
  const texts = useWords(paymentWords);
  const conversions = useWords(conversionWords);

  switch (part) {
    case "webhooks": {
      const webhook = story.webhooks.items.find((each) => each.id === id);
      return webhook && <WebhookStep webhook={webhook} paymentId={story.payment.id} />;
    }
    case "decisions": {
      const decision = story.decisions.items.find((each) => each.id === id);
      return (
        decision && (
          <>
            <ReasonList detection={decision} />
            <DetectorList detection={decision} />
          </>
        )
      );
    }
    case "trust": {
      const effect = story.trust.items.find((each) => `${each.customer_id}/${each.version}` === id);
      if (effect?.actor == null) return null;
      return (
        <p>
          {texts.by(effect.actor)}
          {effect.reason !== null && `: ${effect.reason}`}
        </p>
      );
    }
    case "conversions": {
      const conversion = story.conversions.items.find((each) => each.id === id);
      if (conversion === undefined) return null;
      const note = conversionNote(conversions, conversion);
      return (
        <>
          <p>
            {[conversion.event_name, matchLabel(conversions, conversion.match), triedLabel(conversions, conversion.match)]
              .filter(Boolean)
              .join(" · ")}
          </p>
          {conversion.match.click_id !== null && (
            <p>
              {words.click} <CopyId id={conversion.match.click_id} />
              {conversion.match.utm !== null && ` · ${utmLabel(conversion.match) ?? ""}`}
            </p>
          )}
          {note !== null && <p>{note}</p>}
          {conversion.status === "failed" && <Retry conversionId={conversion.id} paymentId={story.payment.id} />}
        </>
      );
    }
    case "deliveries": {
      const delivery = story.deliveries.items.find((each) => each.conversion_id === id);
      const attempt = delivery?.attempts.find((each) => each.at === at && detail?.startsWith(`${each.number}:`));
      return (
        <>
          {attempt !== undefined && (
            <p>
              {words.attempt(attempt.number, attempt.duration_ms === null ? "" : `, ${attempt.duration_ms} ms`)}
              {[attempt.code, attempt.reason].filter(Boolean).map((each) => ` · ${each ?? ""}`)}
              {attempt.trace_id !== null && (
                <>
                  {" · "}
                  <CopyId id={attempt.trace_id} />
                </>
              )}
            </p>
          )}
          {delivery?.next_attempt_at != null && <p>{words.nextAttempt(formatTime(delivery.next_attempt_at))}</p>}
          {delivery?.event != null && <JsonView label={words.sent} value={delivery.event} />}
        </>
      );
    }
    case "actions": {
      const action = story.actions.items.find((each) => each.id === id);
      return action && <p>{[action.code, action.reason, action.reference].filter(Boolean).join(" · ")}</p>;
    }
    case "audit": {
      const line = story.audit.items.find((each) => each.id === id);
      return (
        line && (
          <>
            {line.before !== null && <JsonView label={words.before} value={line.before} />}
            {line.after !== null && <JsonView label={words.after} value={line.after} />}
          </>
        )
      );
    }
  }
  return null;
}
