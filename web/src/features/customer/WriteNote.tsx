import { useState } from "react";

import { useQueryClient } from "@tanstack/react-query";

import { change } from "../../api/client";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { Textarea } from "../../ui/controls/Textarea";
import { toast } from "../../ui/feedback/toasts";
import { Confirm } from "../../ui/panel/Dialog";
import { notesKey, timelineKey } from "./queries";
import { pageWords } from "./words";

export function WriteNote({ id, onClose }: { id: string; onClose: () => void }) {
  const words = useWords(pageWords).notes;
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const note = useAction<string, unknown>(
    (written, idempotencyKey) =>
      change("POST", `/api/v1/customers/${encodeURIComponent(id)}/notes`, { idempotencyKey, body: { text: written } }),
    {
      onSuccess: () => {
        toast({ text: words.saved, tone: "good" });
        void queries.invalidateQueries({ queryKey: notesKey(id) });
        void queries.invalidateQueries({ queryKey: timelineKey(id) });
        onClose();
      },
    },
  );

  return (
    <Confirm
      title={words.write}
      action={words.action}
      busy={note.isPending}
      error={note.error}
      onConfirm={() => {
        note.start(text.trim());
      }}
      onClose={onClose}
    >
      <Textarea label={words.text} value={text} required maxLength={2000} rows={4} onChange={setText} />
      <p>{words.hint}</p>
    </Confirm>
  );
}
