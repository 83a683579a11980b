import type { BulkPlan } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { formatMoney } from "../../../ui/format/money";
import { Confirm, Dialog } from "../../../ui/panel/Dialog";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { conversionsWords } from "../words";
import { useRetryAll, useRetryPlan } from "./useRetry";

interface Props {
  /** Limits it to the conversions that failed for this cause. */
  cause: string | undefined;
  onStart: (jobId: string) => void;
  onClose: () => void;
}

/** Count the failed conversions that can be sent again, then ask. */
export function RetryAll({ cause, onStart, onClose }: Props) {
  const words = useWords(conversionsWords);
  const plan = useRetryPlan(cause);

  if (plan.data !== undefined) {
    return <Ask plan={plan.data} recount={() => void plan.refetch()} cause={cause} onStart={onStart} onClose={onClose} />;
  }
  return (
    <Dialog title={words.retryTitle} onClose={onClose}>
      {plan.error === null ? (
        <Loading what={words.counting} rows={2} />
      ) : (
        <Failed what={words.counting} error={plan.error} retry={() => void plan.refetch()} />
      )}
    </Dialog>
  );
}

function Ask({ plan, recount, cause, onStart, onClose }: Props & { plan: BulkPlan; recount: () => void }) {
  const words = useWords(conversionsWords);
  const retry = useRetryAll(cause, ({ job }) => {
    if (job !== null) onStart(job.id);
    onClose();
  });
  const content = (
    <>
      <p>{words.retryText(plan.count)}</p>
      {cause !== undefined && <p>{words.retryOnly(cause)}</p>}
      {plan.money.length > 0 && (
        <p>
          {words.money} {plan.money.map(({ currency, amount_minor }) => formatMoney(amount_minor, currency)).join(" · ")}
        </p>
      )}
      {plan.cannot.map(({ reason, count }) => (
        <p key={reason}>{words.cannot[reason](count)}</p>
      ))}
    </>
  );

  if (plan.count === 0) {
    return (
      <Dialog title={words.retryTitle} onClose={onClose}>
        {content}
      </Dialog>
    );
  }
  return (
    <Confirm
      title={words.retryTitle}
      action={words.retryAction(plan.count)}
      busy={retry.isPending}
      error={retry.error}
      onConfirm={() => {
        // After a refusal the number may be another one: it is counted again for the next try.
        if (retry.error !== null) recount();
        retry.start(plan.count);
      }}
      onClose={onClose}
    >
      {content}
    </Confirm>
  );
}
