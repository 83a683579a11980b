import { useState } from "react";

import { useQueryClient } from "@tanstack/react-query";

import { change } from "../../api/client";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { AllowCustomer, BlockCustomer } from "../../subjects/customers/BlockCustomer";
import { customerKey } from "../../subjects/customers/useCustomer";
import { useSetStatus, useStatus } from "../../subjects/customers/useStatus";
import { customerWords } from "../../subjects/customers/words";
import type { TrustStatus } from "../../api/types";
import { Button } from "../../ui/controls/Button";
import { Field } from "../../ui/controls/Field";
import { toast } from "../../ui/feedback/toasts";
import { Confirm } from "../../ui/panel/Dialog";
import styles from "./CustomerPage.module.css";
import { EraseCustomer } from "./EraseCustomer";
import { ledgerKey, notesKey, timelineKey } from "./queries";
import { pageWords } from "./words";
import { WriteNote } from "./WriteNote";

type Open = "block" | "allow" | "correct" | "merge" | "unmerge" | "note" | "erase" | null;

/** What people can do about a customer. */
export function CustomerActions({ id, status, merged }: { id: string; status: TrustStatus; merged: boolean }) {
  const words = useWords(pageWords);
  const customers = useWords(customerWords);
  const { set, isPending } = useSetStatus(id);
  const seen = useStatus(id).data?.etag;
  const [open, setOpen] = useState<Open>(null);
  const close = () => {
    setOpen(null);
  };
  const button = (what: Exclude<Open, null>, text: string) => (
    <Button
      onClick={() => {
        setOpen(what);
      }}
    >
      {text}
    </Button>
  );

  return (
    <div role="group" aria-label={words.actions} className={styles.actions}>
      <Guarded permission="customers.set_status">
        {status === "neutral" && button("block", customers.block.button)}
        {status === "neutral" && button("allow", customers.allow.button)}
        {status !== "neutral" && (
          <Button
            busy={isPending}
            onClick={() => {
              set({ status: "neutral", expiresAt: null, reason: customers.lift.reason }, seen);
            }}
          >
            {status === "blocked" ? customers.lift.unblock : customers.lift.neutral}
          </Button>
        )}
      </Guarded>
      <Guarded permission="customers.correct_trust">{button("correct", words.correct.button)}</Guarded>
      <Guarded permission="customers.merge">
        {button("merge", words.merge.button)}
        {merged && button("unmerge", words.unmerge.button)}
      </Guarded>
      <Guarded permission="notes.write">{button("note", words.notes.write)}</Guarded>
      <Guarded permission="customers.erase">{button("erase", words.erase.button)}</Guarded>
      {open === "erase" && <EraseCustomer id={id} onClose={close} />}
      {open === "block" && <BlockCustomer customerId={id} onClose={close} />}
      {open === "allow" && <AllowCustomer customerId={id} onClose={close} />}
      {open === "note" && <WriteNote id={id} onClose={close} />}
      {open === "correct" && <Correct id={id} onClose={close} />}
      {(open === "merge" || open === "unmerge") && <Merge id={id} kind={open} onClose={close} />}
    </div>
  );
}

/** Send a change of a customer, and show everything about them anew. */
function useChange(id: string, onDone: () => void) {
  const queries = useQueryClient();

  return useAction<{ part: string; body: object; done: string }, unknown>(
    ({ part, body }, idempotencyKey) =>
      change("POST", `/api/v1/customers/${encodeURIComponent(id)}/${part}`, { idempotencyKey, body }),
    {
      onSuccess: (_, { done }) => {
        toast({ text: done, tone: "good" });
        for (const queryKey of [customerKey(id), ledgerKey(id), timelineKey(id), notesKey(id), ["customer-links", id]]) {
          void queries.invalidateQueries({ queryKey });
        }
        onDone();
      },
    },
  );
}

function Correct({ id, onClose }: { id: string; onClose: () => void }) {
  const words = useWords(pageWords).correct;
  const [points, setPoints] = useState("");
  const [reason, setReason] = useState("");
  const correction = useChange(id, onClose);

  return (
    <Confirm
      title={words.title}
      action={words.action}
      busy={correction.isPending}
      error={correction.error}
      onConfirm={() => {
        correction.start({ part: "corrections", body: { points: Number(points), reason }, done: words.done(points) });
      }}
      onClose={onClose}
    >
      <p>{words.text}</p>
      <Field label={words.points}>
        <input
          type="number"
          required
          min={-100}
          max={100}
          step={1}
          value={points}
          onChange={({ target }) => {
            setPoints(target.value);
          }}
        />
      </Field>
      <Field label={words.reason}>
        <input
          required
          maxLength={200}
          value={reason}
          autoComplete="off"
          onChange={({ target }) => {
            setReason(target.value);
          }}
        />
      </Field>
    </Confirm>
  );
}

function Merge({ id, kind, onClose }: { id: string; kind: "merge" | "unmerge"; onClose: () => void }) {
  const words = useWords(pageWords);
  const texts = words[kind];
  const [other, setOther] = useState("");
  const [reason, setReason] = useState("");
  const merge = useChange(id, onClose);

  return (
    <Confirm
      title={texts.title}
      action={texts.action}
      tone="bad"
      busy={merge.isPending}
      error={merge.error}
      onConfirm={() => {
        merge.start({ part: kind, body: { reason, ...(kind === "merge" && { other: other.trim() }) }, done: texts.done });
      }}
      onClose={onClose}
    >
      <p>{texts.text}</p>
      {kind === "merge" && (
        <Field label={words.merge.other}>
          <input
            required
            pattern="cus_.+"
            maxLength={100}
            value={other}
            autoComplete="off"
            onChange={({ target }) => {
              setOther(target.value);
            }}
          />
        </Field>
      )}
      <Field label={words.merge.reason}>
        <input
          required
          maxLength={200}
          value={reason}
          autoComplete="off"
          onChange={({ target }) => {
            setReason(target.value);
          }}
        />
      </Field>
    </Confirm>
  );
}
