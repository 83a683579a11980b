import { useQueryClient } from "@tanstack/react-query";

import { post } from "../../api/client";
import type { Identity } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { SESSION_KEY } from "../../session/session";
import { Button } from "../../ui/controls/Button";
import { toast } from "../../ui/feedback/toasts";
import { formatTime } from "../../ui/format/time";
import { Banner } from "../../ui/states/Banner";
import { appWords } from "../words";

/** Says that an operator is in a shop, with the way out. */
export function VisitBanner({ visit }: { visit: NonNullable<Identity["impersonation"]> }) {
  const { tenant } = useIdentity();
  const words = useWords(appWords).visit;
  const queries = useQueryClient();
  const leave = useAction<undefined, Identity>(() => post("/api/v1/auth/leave"), {
    onSuccess: (identity) => {
      // Nothing of the shop may stay.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION_KEY[0] });
      queries.setQueryData(SESSION_KEY, identity);
    },
    onError: () => {
      toast({ text: words.failed, tone: "bad" });
    },
  });

  return (
    <Banner
      tone="bad"
      action={
        <Button
          busy={leave.isPending}
          onClick={() => {
            leave.start(undefined);
          }}
        >
          {words.leave}
        </Button>
      }
    >
      {words.text(tenant.name, formatTime(visit.until), visit.reason)}
    </Banner>
  );
}
