import { useWords } from "../../i18n/words";
import { conversionWords } from "../conversions/words";
import { detectionWords } from "../detections/words";
import type { StepWords } from "./steps";
import { paymentWords } from "./words";

export function useStepWords(): StepWords {
  return { payments: useWords(paymentWords), detections: useWords(detectionWords), conversions: useWords(conversionWords) };
}
