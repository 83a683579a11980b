import type { StoryStep } from "../../api/types";
import { formatDateTime } from "../../ui/format/time";
import styles from "./Steps.module.css";
import { formatOffset, stepText, stepTone } from "./steps";
import { useStepWords } from "./useStepWords";

/** Steps of a payment's timeline, each in a line. */
export function Steps({ steps }: { steps: readonly StoryStep[] }) {
  const words = useStepWords();

  return (
    <ol className={styles.steps}>
      {steps.map((step, index) => {
        const { title, note } = stepText(words, step);
        return (
          <li key={`${step.part} ${step.id} ${step.at} ${index}`} className={styles.step} data-tone={stepTone(step)}>
            <span className={styles.title}>
              {title}
              {note !== null && <span className={styles.note}> {note}</span>}
            </span>
            <time dateTime={step.at} title={formatDateTime(step.at)} className={styles.offset}>
              {formatOffset(step.offset_ms)}
            </time>
          </li>
        );
      })}
    </ol>
  );
}
