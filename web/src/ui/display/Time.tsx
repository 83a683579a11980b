import { formatDateTime, formatRelative } from "../format/time";
import { useNow } from "./useNow";

/** A time relative to now, with the exact one on hover and for screen readers. */
export function Time({ iso }: { iso: string }) {
  const now = useNow();
  const exact = formatDateTime(iso);

  // What happened after the last tick of `now` must not appear to be in the future.
  const moment = new Date(iso);
  const reference = moment > now && moment.getTime() <= now.getTime() + 15_000 ? moment : now;
  return (
    <time dateTime={iso} title={exact}>
      <span aria-hidden="true">{formatRelative(iso, reference)}</span>
      <span className="visually-hidden">{exact}</span>
    </time>
  );
}
