import { useState } from "react";

import { ApiError } from "../../api/client";
import type { BulkPlan } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Textarea } from "../../ui/controls/Textarea";
import { toast } from "../../ui/feedback/toasts";
import { Confirm, Dialog } from "../../ui/panel/Dialog";
import { Failed } from "../../ui/states/Failed";
import { Warning } from "../../ui/states/Warning";
import { moneyText } from "./money";
import styles from "./Problems.module.css";
import { type BulkAction, type Filters, type SettledKind, useBulk, useBulkPlan, useRefresh } from "./useProblems";
import { problemPageWords } from "./words";

interface Props {
  kind: SettledKind;
  action: BulkAction;
  filter: Filters;
  onClose: () => void;
  /** The job that settles them has started. */
  onJob: (id: string) => void;
}

/** Count what would be settled and what it concerns, then settle it. Discarding many asks for a reason and the count. */
export function BulkDialog({ kind, action, filter, onClose, onJob }: Props) {
  const words = useWords(problemPageWords);
  const plan = useBulkPlan(kind, action, filter);
  const [reason, setReason] = useState("");
  const refresh = useRefresh();
  const bulk = useBulk(kind, ({ job }) => {
    refresh();
    onClose();
    if (job === null) return;
    onJob(job.id);
    toast({ text: words.bulk.started });
  });
  const title = action === "replay" ? words.bulk.replayTitle : words.bulk.discardTitle;
  const hasChanged = bulk.error instanceof ApiError && bulk.error.code === "count_changed";

  if (plan.isError) {
    return (
      <Dialog title={title} onClose={onClose}>
        <Failed what={words.what.plan} error={plan.error} retry={() => void plan.refetch()} />
      </Dialog>
    );
  }
  if (plan.data === undefined || plan.isRefetching) {
    return (
      <Dialog title={title} onClose={onClose}>
        <p role="status">{words.bulk.counting}</p>
      </Dialog>
    );
  }
  const { count } = plan.data;
  if (count === 0) {
    return (
      <Dialog title={title} onClose={onClose}>
        <Counted plan={plan.data} />
      </Dialog>
    );
  }
  return (
    <Confirm
      title={title}
      action={action === "replay" ? words.bulk.replayAction(count) : words.bulk.discardAction(count)}
      {...(action === "discard" && { tone: "bad" as const, typed: count > 1 ? String(count) : undefined })}
      busy={bulk.isPending}
      error={hasChanged ? null : bulk.error}
      onConfirm={() => {
        if (hasChanged) {
          bulk.reset();
          void plan.refetch();
          return;
        }
        bulk.start({ action, filter, expected: count, ...(action === "discard" && { reason }) });
      }}
      onClose={onClose}
    >
      {hasChanged && <Warning>{words.bulk.changed}</Warning>}
      <Counted plan={plan.data} />
      <p>{action === "replay" ? words.bulk.replayEffect : words.bulk.discardEffect}</p>
      {action === "discard" && <Textarea label={words.reason} value={reason} onChange={setReason} required maxLength={500} rows={2} />}
    </Confirm>
  );
}

function Counted({ plan: { count, money, cannot } }: { plan: BulkPlan }) {
  const words = useWords(problemPageWords);

  return (
    <div className={styles.plan}>
      <p>
        <strong>{count === 0 ? words.bulk.nothing : words.bulk.now(count)}</strong>{" "}
        {money.length > 0 && words.bulk.money(moneyText(money))}
      </p>
      {cannot.length > 0 && (
        <>
          <p>{words.bulk.cannot}</p>
          <ul>
            {cannot.map((obstacle) => (
              <li key={obstacle.reason}>{words.bulk.obstacle(obstacle.count, words.obstacles[obstacle.reason])}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
