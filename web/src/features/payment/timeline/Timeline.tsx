import { useRef } from "react";

import type { Outlook, PaymentStory, StoryStep } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { formatOffset, outlookText, stepText, stepTone } from "../../../subjects/payments/steps";
import { useStepWords } from "../../../subjects/payments/useStepWords";
import { paymentWords } from "../../../subjects/payments/words";
import { formatDateTime, formatTime } from "../../../ui/format/time";
import { useKeys } from "../../../ui/keys/useKeys";
import { Empty } from "../../../ui/states/Empty";
import { Partial } from "../../../ui/states/Partial";
import { paymentPageWords } from "../words";
import { StepDetails } from "./StepDetails";
import styles from "./Timeline.module.css";

const JUMPS = ["1", "2", "3", "4", "5", "6", "7"];
const PARTS = ["webhooks", "decisions", "trust", "conversions", "deliveries", "actions", "fraud_signs", "audit"] as const;

/** What happened, in causal order with the distance to the first webhook, then what has not happened and why. */
export function Timeline({ story, retry }: { story: PaymentStory; retry: () => void }) {
  const words = useWords(paymentPageWords);
  const texts = useWords(paymentWords);
  const list = useRef<HTMLOListElement>(null);
  const failed = PARTS.filter((part) => story[part].status === "failed");

  useKeys(
    JUMPS.map((key, index) => ({
      key,
      label: words.jump,
      run: () => {
        list.current?.querySelectorAll<HTMLElement>(":scope > li > details > summary")[index]?.focus();
      },
    })),
  );

  return (
    <div className={styles.timeline}>
      <h2 className={styles.title}>{words.timeline}</h2>
      {failed.map((part) => (
        <Partial key={part} what={words.partFailed[part] ?? part} retry={retry} />
      ))}
      {story.timeline.length === 0 && <Empty text={texts.noSteps} />}
      <ol ref={list} className={styles.steps}>
        {story.timeline.map((step, index) => (
          <Step key={`${step.part} ${step.id} ${step.at} ${index}`} step={step} story={story} />
        ))}
        {story.outlook.map((each) => (
          <Open key={`${each.part} ${each.code} ${each.id ?? ""}`} outlook={each} />
        ))}
      </ol>
    </div>
  );
}

function Step({ step, story }: { step: StoryStep; story: PaymentStory }) {
  const { title, note } = stepText(useStepWords(), step);

  return (
    <li className={styles.step} data-tone={stepTone(step)}>
      <details>
        <summary>
          <span className={styles.text}>
            {title}
            {note !== null && <span className={styles.note}> {note}</span>}
          </span>
          <time dateTime={step.at} title={formatDateTime(step.at)} className={styles.note}>
            {formatOffset(step.offset_ms)}
          </time>
        </summary>
        <div className={styles.details}>
          <p className={styles.note}>{formatDateTime(step.at)}</p>
          <StepDetails step={step} story={story} />
        </div>
      </details>
    </li>
  );
}

function Open({ outlook }: { outlook: Outlook }) {
  const words = useWords(paymentWords);

  return (
    <li className={styles.step} data-open="">
      <span className={styles.text}>
        {words.outlook[outlook.when]}: {outlookText(words, outlook)}
        {outlook.due_at !== null && ` ${words.due(formatTime(outlook.due_at))}`}
      </span>
    </li>
  );
}
