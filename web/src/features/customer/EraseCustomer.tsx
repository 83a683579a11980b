import { useState } from "react";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";

import { change } from "../../api/client";
import type { ErasurePlan } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { customerKey } from "../../subjects/customers/useCustomer";
import { JobProgress } from "../../subjects/jobs/JobProgress";
import { Button } from "../../ui/controls/Button";
import { Confirm, Dialog } from "../../ui/panel/Dialog";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { pageWords } from "./words";

/** Erase a person: what it would erase is counted first, and the customer's id is typed. Then the job is followed. */
export function EraseCustomer({ id, onClose }: { id: string; onClose: () => void }) {
  const { erase: words, back } = useWords(pageWords);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const path = `/api/v1/customers/${encodeURIComponent(id)}/erase`;
  const [job, setJob] = useState<string | null>(null);
  const plan = useQuery({
    queryKey: ["erasure plan", id],
    queryFn: () => change<ErasurePlan>("POST", path, { body: { dry_run: true } }),
    // Each opened dialog counts anew.
    gcTime: 0,
    staleTime: 0,
  });
  const erase = useAction((confirm: string, idempotencyKey) => change<ErasurePlan>("POST", path, { body: { confirm }, idempotencyKey }), {
    onSuccess: (started) => {
      setJob(started.job?.id ?? null);
    },
  });

  // The customer's page has nothing left to show.
  const leave = () => {
    queries.removeQueries({ queryKey: customerKey(id) });
    void navigate("/customers");
  };

  if (job !== null) {
    return (
      <Dialog title={words.title} onClose={leave}>
        <JobProgress id={job} />
        <p>{words.receipt(job)}</p>
        <Button onClick={leave}>{back}</Button>
      </Dialog>
    );
  }
  if (plan.data === undefined) {
    return (
      <Dialog title={words.title} onClose={onClose}>
        {plan.error === null ? (
          <Loading what={words.counting} rows={2} />
        ) : (
          <Failed what={words.counting} error={plan.error} retry={() => void plan.refetch()} />
        )}
      </Dialog>
    );
  }
  const rows = Object.values(plan.data.counts ?? {}).reduce((sum, count) => sum + count, 0);
  return (
    <Confirm
      title={words.title}
      action={words.action}
      tone="bad"
      typed={id}
      busy={erase.isPending}
      error={erase.error}
      onConfirm={() => {
        erase.start(id);
      }}
      onClose={onClose}
    >
      <p>{words.text}</p>
      <p>{words.counts(rows, plan.data.payments)}</p>
      {plan.data.people.length > 1 && <p>{words.people(plan.data.people.length)}</p>}
      <p>{words.final}</p>
    </Confirm>
  );
}
