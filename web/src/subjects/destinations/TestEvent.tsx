import { useState } from "react";

import type { DestinationTestAnswer } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { Button } from "../../ui/controls/Button";
import { Field } from "../../ui/controls/Field";
import { useProblemText } from "../../ui/problems/problemText";
import { FormError } from "../../ui/states/FormError";
import { AnswerView } from "./AnswerView";
import styles from "./Destinations.module.css";
import { useTestEvent } from "./useDestination";
import { destinationWords } from "./words";

/** Send a test event, and show Meta's answer. `storedCode` is the destination's own test event code. */
export function TestEvent({ id, storedCode }: { id: string; storedCode: string | null }) {
  const { test } = useWords(destinationWords);
  const problemText = useProblemText();
  const [code, setCode] = useState(storedCode ?? "");
  const [answer, setAnswer] = useState<DestinationTestAnswer | undefined>();
  const send = useTestEvent(id, setAnswer);

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (send.isPending) return;
        setAnswer(undefined);
        send.start(code.trim());
      }}
    >
      <div>
        <Field label={test.code}>
          <input
            value={code}
            required={storedCode === null}
            pattern="\s*[A-Za-z0-9_\-]{1,40}\s*"
            autoComplete="off"
            onChange={(event) => {
              setCode(event.target.value);
            }}
          />
        </Field>
        <p className={styles.hint}>
          {test.codeHint} {test.warning}
        </p>
      </div>
      <Guarded permission="destinations.change">
        <Button type="submit" busy={send.isPending}>
          {test.send}
        </Button>
      </Guarded>
      {send.error !== null && <FormError text={problemText(send.error)} />}
      {answer !== undefined && <AnswerView answer={answer} accepted={test.accepted} />}
    </form>
  );
}
