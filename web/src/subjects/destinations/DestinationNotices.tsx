import type { ListedDestination } from "../../api/types";
import { useWords } from "../../i18n/words";
import { LinkButton } from "../../ui/controls/Button";
import { formatTime } from "../../ui/format/time";
import { Banner } from "../../ui/states/Banner";
import { destinationName } from "./names";
import { useDestinations } from "./useDestinations";
import { destinationWords, type Words } from "./words";

/** A notice for each destination that is not sent to, with what to do. Nothing while all are active. */
export function DestinationNotices() {
  const words = useWords(destinationWords);
  const stopped = useDestinations().data?.items.filter(({ status }) => status !== "active") ?? [];
  if (stopped.length === 0) return null;
  return (
    <section aria-label={words.label}>
      {stopped.map((destination) => (
        <DestinationNotice key={destination.id} destination={destination} linked />
      ))}
    </section>
  );
}

/** Why a destination is not sent to. `linked` adds the way to its page, for where a person must act. */
export function DestinationNotice({ destination, linked = false }: { destination: ListedDestination; linked?: boolean }) {
  const words = useWords(destinationWords);
  const isHeld = destination.status === "on_hold";

  return (
    <Banner
      tone={isHeld ? "bad" : "warn"}
      action={linked && isHeld && <LinkButton to={`/destinations/${destination.id}`}>{words.correct}</LinkButton>}
    >
      {noticeText(words, destination)}
    </Banner>
  );
}

function noticeText(words: Words, { kind, name, status, since, reason }: ListedDestination): string {
  return words.notice[status](
    `${destinationName(kind)} (${name})`,
    since === null ? "" : words.since(formatTime(since)),
    reason === null ? "" : ` ${reason}`,
    kind === "stripe" ? words.actions : words.conversions,
  );
}
