import type { ListedDestination } from "../../api/types";
import { useWords } from "../../i18n/words";
import { destinationWords } from "../../subjects/destinations/words";
import { Badge } from "../../ui/display/Badge";

const TONES = { active: "good", on_hold: "bad", throttled: "warn", unavailable: "warn", disabled: "plain" } as const;

export function DestinationState({ status }: Pick<ListedDestination, "status">) {
  const { states } = useWords(destinationWords);
  return <Badge tone={TONES[status]}>{states[status]}</Badge>;
}
