import type { ListedDestination } from "../../api/types";
import { formatTime } from "../../ui/format/time";
import { destinationName } from "./names";
import type { Words } from "./words";

/** Why a destination is not sent to, and what to do. */
export function noticeText(words: Words, { kind, name, status, since, reason }: ListedDestination): string {
  return words.notice[status](
    `${destinationName(kind)} (${name})`,
    since === null ? "" : words.since(formatTime(since)),
    reason === null ? "" : ` ${reason}`,
    kind === "stripe" ? words.actions : words.conversions,
  );
}
