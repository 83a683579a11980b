import { useState } from "react";

import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get } from "../../../api/client";
import type { Note, NotePage } from "../../../api/types";
import { useAction } from "../../../api/useAction";
import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { Guarded } from "../../../session/Guarded";
import { useLiveEvents } from "../../../stream/useStream";
import { paymentKey, paymentPath } from "../../../subjects/payments/queries";
import { Button } from "../../../ui/controls/Button";
import { Textarea } from "../../../ui/controls/Textarea";
import { formatTime } from "../../../ui/format/time";
import { Entry, EntryList } from "../../../ui/panel/EntryList";
import { Section } from "../../../ui/panel/Section";
import { useProblemText } from "../../../ui/problems/problemText";
import { Empty } from "../../../ui/states/Empty";
import { Failed } from "../../../ui/states/Failed";
import { FormError } from "../../../ui/states/FormError";
import { paymentPageWords } from "../words";
import styles from "./Notes.module.css";

const UPDATE_INTERVAL_MS = 500;

/** What colleagues wrote about the payment. */
export function Notes({ paymentId }: { paymentId: string }) {
  const words = useWords(paymentPageWords);
  const problemText = useProblemText();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const key = [...paymentKey(paymentId), "notes"];
  const notes = useQuery({ queryKey: key, queryFn: ({ signal }) => get<NotePage>(`${paymentPath(paymentId)}/notes`, {}, signal) });
  const failure = useFailure(notes);

  // A colleague's note appears, and one that they delete disappears.
  useLiveEvents((events) => {
    if (events.some((event) => event.type === "note.changed" && event.data.payment_id === paymentId)) {
      void queries.invalidateQueries({ queryKey: key });
    }
  }, UPDATE_INTERVAL_MS);
  const add = useAction(
    (note: string, idempotencyKey) =>
      change<Note>("POST", `${paymentPath(paymentId)}/notes`, { body: { text: note }, idempotencyKey }),
    {
      onSuccess: () => {
        setText("");
        void queries.invalidateQueries({ queryKey: key });
      },
    },
  );

  return (
    <Section title={words.notes}>
      {failure !== null && <Failed what={words.notes} error={failure} retry={() => void notes.refetch()} />}
      {notes.data?.items.length === 0 && <Empty text={words.noNotes} />}
      <EntryList>
        {notes.data?.items.map((note) => (
          <Entry key={note.id} title={note.text} value="" time={formatTime(note.created_at)} note={note.author} />
        ))}
      </EntryList>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") add.start(text.trim());
        }}
      >
        <Guarded permission="notes.write">
          <Textarea label={words.note} value={text} maxLength={2000} rows={2} placeholder={words.personal} onChange={setText} />
          <Button type="submit" busy={add.isPending}>
            {words.addNote}
          </Button>
        </Guarded>
        {add.error !== null && <FormError text={problemText(add.error)} />}
      </form>
    </Section>
  );
}
