import { useWords } from "../../i18n/words";
import { Badge } from "../../ui/display/Badge";
import { useNow } from "../../ui/display/useNow";
import { formatDateTime } from "../../ui/format/time";
import { destinationPageWords } from "./words";

// Time enough to create a new token before conversions wait.
const SOON_MS = 7 * 24 * 3600 * 1000;

/** When an access token expires, marked in its last week. */
export function TokenEnd({ iso }: { iso: string }) {
  const { tokenEnd } = useWords(destinationPageWords);
  const left = new Date(iso).getTime() - useNow().getTime();

  return (
    <span>
      <time dateTime={iso}>{formatDateTime(iso)}</time>{" "}
      {left <= SOON_MS && <Badge tone={left > 0 ? "warn" : "bad"}>{left > 0 ? tokenEnd.soon : tokenEnd.expired}</Badge>}
    </span>
  );
}
