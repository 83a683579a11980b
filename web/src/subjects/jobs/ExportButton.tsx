import { useState } from "react";

import { change } from "../../api/client";
import type { ExportFormat, Job } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Segmented } from "../../ui/controls/Segmented";
import { Icon } from "../../ui/display/Icon";
import { Confirm } from "../../ui/panel/Dialog";
import { jobWords } from "./words";

interface Props {
  subject: "payments" | "customers" | "conversions";
  /** The filters of the list at this moment, as the API's body has them. */
  filter: () => Record<string, unknown>;
  /** The same filters in words. */
  filterTexts: readonly string[];
  onStart: (jobId: string) => void;
}

/** A button that asks for a format, and starts a job that writes what the list shows, of all its pages, into a file. */
export function ExportButton(props: Props) {
  const words = useWords(jobWords).exports;
  const [asking, setAsking] = useState(false);

  return (
    <>
      <Button
        onClick={() => {
          setAsking(true);
        }}
      >
        <Icon name="download" />
        {words.button}
      </Button>
      {asking && (
        <ExportDialog
          {...props}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </>
  );
}

function ExportDialog({ subject, filter, filterTexts, onStart, onClose }: Props & { onClose: () => void }) {
  const words = useWords(jobWords).exports;
  const [format, setFormat] = useState<ExportFormat>("csv");
  const start = useAction(
    (_: undefined, idempotencyKey) =>
      change<Job>("POST", `/api/v1/${subject}/export`, { body: { format, filter: filter() }, idempotencyKey }),
    {
      onSuccess: ({ id }) => {
        onStart(id);
        onClose();
      },
    },
  );
  const { title, all, filtered } = words.subjects[subject];

  return (
    <Confirm
      title={title}
      action={words.action}
      busy={start.isPending}
      error={start.error}
      onConfirm={() => {
        start.start(undefined);
      }}
      onClose={onClose}
    >
      <p>{filterTexts.length === 0 ? all : filtered(filterTexts.join(" · "))}</p>
      <Segmented label={words.format} options={words.formats} value={format} onChange={setFormat} />
      <p>{words.about[format]}</p>
      <p>{words.kept}</p>
    </Confirm>
  );
}
