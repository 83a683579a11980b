import { useState } from "react";

import type { Tagged } from "../../api/client";
import type { ConfiguredDestination } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { destinationName } from "../../subjects/destinations/names";
import { Button } from "../../ui/controls/Button";
import { toast } from "../../ui/feedback/toasts";
import { Confirm } from "../../ui/panel/Dialog";
import { useSaving } from "./useSaving";
import { destinationPageWords } from "./words";

/** Stop sending to a destination, with what follows from it, or begin again. */
export function EnableButton({ destination: { value, etag } }: { destination: Tagged<ConfiguredDestination> }) {
  const words = useWords(destinationPageWords);
  const [asking, setAsking] = useState(false);
  const save = useSaving(value.id, () => {
    setAsking(false);
    toast({ text: value.enabled ? words.disabled : words.enabled, tone: "good" });
  });

  return (
    <Guarded permission="destinations.change">
      {value.enabled ? (
        <Button
          onClick={() => {
            save.reset();
            setAsking(true);
          }}
        >
          {words.disable}
        </Button>
      ) : (
        <Button
          look="primary"
          busy={save.isPending}
          onClick={() => {
            save.start({ body: { enabled: true }, etag });
          }}
        >
          {words.enable}
        </Button>
      )}
      {asking && (
        <Confirm
          title={words.disableTitle(`${destinationName(value.kind)} (${value.name})`)}
          action={words.disableAction}
          tone="bad"
          busy={save.isPending}
          error={save.error}
          onConfirm={() => {
            save.start({ body: { enabled: false }, etag });
          }}
          onClose={() => {
            setAsking(false);
          }}
        >
          <p>{words.disableEffect}</p>
        </Confirm>
      )}
    </Guarded>
  );
}
