import { humanise } from "../../ui/format/text";
import type { CustomerWords } from "./words";

export const trustCauseLabel = ({ causes }: CustomerWords, cause: string): string => causes[cause] ?? humanise(cause);

export function trustTone(score: number): "good" | "warn" | "bad" {
  if (score < 25) return "bad";
  return score < 45 ? "warn" : "good";
}
