import { useRef, useState } from "react";

import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { toast } from "../../ui/feedback/toasts";
import { Confirm } from "../../ui/panel/Dialog";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./AccountPage.module.css";
import { SessionRow } from "./SessionRow";
import { useEndOtherSessions, useSessions } from "./useSessions";
import { accountWords } from "./words";

/** The browsers in which the user is signed in, and ending those sessions. */
export function Sessions() {
  const words = useWords(accountWords).sessions;
  const heading = useRef<HTMLHeadingElement>(null);
  // The button that had the focus goes with the session that it ended.
  const focusHeading = () => heading.current?.focus();

  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions" ref={heading} tabIndex={-1} className={styles.heading}>
        {words.title}
      </h2>
      <p>{words.text}</p>
      <SessionList onEnded={focusHeading} />
    </section>
  );
}

function SessionList({ onEnded }: { onEnded: () => void }) {
  const words = useWords(accountWords).sessions;
  const sessions = useSessions();
  const failure = useFailure(sessions);

  if (failure !== null) return <Failed what={words.title} error={failure} retry={() => void sessions.refetch()} />;
  if (!sessions.isSuccess) return <Loading what={words.what} rows={2} />;
  if (sessions.data.length === 0) return <Empty text={words.empty} />;
  return (
    <>
      <ul className={styles.sessions}>
        {sessions.data.map((session) => (
          <SessionRow key={session.id} session={session} onEnded={onEnded} />
        ))}
      </ul>
      {sessions.data.some(({ current }) => !current) && <EndOthers onEnded={onEnded} />}
    </>
  );
}

function EndOthers({ onEnded }: { onEnded: () => void }) {
  const words = useWords(accountWords).sessions;
  const [asking, setAsking] = useState(false);
  const end = useEndOtherSessions(() => {
    setAsking(false);
    onEnded();
    toast({ text: words.othersEnded, tone: "good" });
  });

  return (
    <>
      <Button
        onClick={() => {
          end.reset();
          setAsking(true);
        }}
      >
        {words.endOthers}
      </Button>
      {asking && (
        <Confirm
          title={words.endOthersTitle}
          action={words.endOthersAction}
          tone="bad"
          busy={end.isPending}
          error={end.error}
          onConfirm={() => {
            end.start(undefined);
          }}
          onClose={() => {
            setAsking(false);
          }}
        >
          <p>{words.endOthersEffect}</p>
        </Confirm>
      )}
    </>
  );
}
