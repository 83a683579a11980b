import { useState } from "react";

import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { useRefusal } from "../../session/permissions";
import { Button } from "../../ui/controls/Button";
import { useKeys } from "../../ui/keys/useKeys";
import { BlockCustomer } from "./BlockCustomer";
import { useSetStatus, useStatus } from "./useStatus";
import { customerWords } from "./words";

/** Block a buyer, after a dialog, or unblock a blocked one at once. `b` does the same. */
export function BlockButton({ customerId }: { customerId: string }) {
  const { block, lift } = useWords(customerWords);
  const status = useStatus(customerId).data;
  const { set, isPending } = useSetStatus(customerId);
  const refusal = useRefusal("customers.set_status");
  const [blocking, setBlocking] = useState(false);
  const isBlocked = status?.value.status === "blocked";
  const label = isBlocked ? lift.unblock : block.button;
  const run = () => {
    if (isBlocked) set({ status: "neutral", expiresAt: null, reason: lift.reason }, status.etag);
    else setBlocking(true);
  };

  useKeys(refusal === undefined ? [{ key: "b", label, run }] : []);
  return (
    <>
      <Guarded permission="customers.set_status">
        <Button aria-keyshortcuts="b" busy={isPending} onClick={run}>
          {label}
        </Button>
      </Guarded>
      {blocking && (
        <BlockCustomer
          customerId={customerId}
          onClose={() => {
            setBlocking(false);
          }}
        />
      )}
    </>
  );
}
