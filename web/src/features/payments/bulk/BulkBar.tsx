import { useState } from "react";

import type { PaymentVerdict } from "../../../api/types";
import { useWords } from "../../../i18n/words";
import { Guarded } from "../../../session/Guarded";
import { Button } from "../../../ui/controls/Button";
import { Confirm } from "../../../ui/panel/Dialog";
import { Failed } from "../../../ui/states/Failed";
import { paymentsWords } from "../words";
import styles from "./BulkBar.module.css";
import { MOST, useBulkVerdict, useCount } from "./useBulkVerdict";

type Verdict = "fraud" | "legitimate";

interface Props {
  ids: readonly string[];
  /** The verdicts that the listed payments have. */
  verdicts: ReadonlyMap<string, PaymentVerdict>;
  onClear: () => void;
}

/** What can be done with the selected payments at once. */
export function BulkBar({ ids, verdicts, onClear }: Props) {
  const { bulk: words, panel } = useWords(paymentsWords);
  const [verdict, setVerdict] = useState<Verdict | null>(null);

  return (
    <section aria-label={words.label} className={styles.bar}>
      <strong>{words.selected(ids.length)}</strong>
      {ids.length > MOST ? (
        <span>{words.tooMany}</span>
      ) : (
        <Guarded permission="payments.give_verdicts">
          <Button
            onClick={() => {
              setVerdict("legitimate");
            }}
          >
            {panel.legitimate}
          </Button>
          <Button
            onClick={() => {
              setVerdict("fraud");
            }}
          >
            {panel.fraud}
          </Button>
        </Guarded>
      )}
      <Button look="quiet" onClick={onClear}>
        {words.clear}
      </Button>
      {verdict !== null && (
        <Judge
          ids={ids}
          verdict={verdict}
          verdicts={verdicts}
          onDone={onClear}
          onClose={() => {
            setVerdict(null);
          }}
        />
      )}
    </section>
  );
}

interface JudgeProps {
  ids: readonly string[];
  verdict: Verdict;
  verdicts: ReadonlyMap<string, PaymentVerdict>;
  onDone: () => void;
  onClose: () => void;
}

function Judge({ ids, verdict, verdicts, onDone, onClose }: JudgeProps) {
  const { bulk: words } = useWords(paymentsWords);
  // What the person saw when the dialog opened: verdicts that others give from now on are not overwritten.
  const [seen] = useState(verdicts);
  const given = { ids, verdict, expected: Object.fromEntries([...seen].filter(([id]) => ids.includes(id))) };
  const count = useCount(given);
  const judge = useBulkVerdict(() => {
    onClose();
    onDone();
  });
  const counted = count.data?.given ?? 0;

  return (
    <Confirm
      title={words.titles[verdict](ids.length)}
      action={words.actions[verdict](counted)}
      {...(verdict === "fraud" && { tone: "bad" as const })}
      busy={judge.isPending}
      error={judge.error}
      onClose={onClose}
      onConfirm={() => {
        if (counted > 0) judge.start(given);
      }}
    >
      {count.error !== null && <Failed what={words.label} error={count.error} retry={() => void count.refetch()} />}
      {count.isPending && <p role="status">{words.counting}</p>}
      {count.data !== undefined && (
        <ul className={styles.counts}>
          <li>{words.given(counted)}</li>
          {count.data.unchanged > 0 && <li>{words.unchanged(count.data.unchanged)}</li>}
          {count.data.held > 0 && <li>{words.held(count.data.held)}</li>}
          {count.data.stale > 0 && <li>{words.stale(count.data.stale)}</li>}
          {count.data.unknown > 0 && <li>{words.unknown(count.data.unknown)}</li>}
        </ul>
      )}
    </Confirm>
  );
}
