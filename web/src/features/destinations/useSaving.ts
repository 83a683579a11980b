import { ApiError } from "../../api/client";
import { useWords } from "../../i18n/words";
import { useSaveDestination } from "../../subjects/destinations/useDestination";
import { toast } from "../../ui/feedback/toasts";
import { destinationPageWords } from "./words";

/** Save a destination, and say if somebody else was quicker. */
export function useSaving(id: string, onSaved: () => void) {
  const words = useWords(destinationPageWords);
  return useSaveDestination(id, onSaved, (error) => {
    if (error instanceof ApiError && error.status === 412) toast({ text: words.conflict, tone: "bad" });
  });
}
