import type { ListedDestination } from "../../api/types";
import { useWords } from "../../i18n/words";
import { LinkButton } from "../../ui/controls/Button";
import { Banner } from "../../ui/states/Banner";
import { noticeText } from "./noticeText";
import { destinationWords } from "./words";

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
