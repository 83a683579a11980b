import { useId } from "react";

import type { OpenSession } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Button } from "../../ui/controls/Button";
import { Badge } from "../../ui/display/Badge";
import { Time } from "../../ui/display/Time";
import { toast } from "../../ui/feedback/toasts";
import { useProblemText } from "../../ui/problems/problemText";
import styles from "./AccountPage.module.css";
import { readUserAgent } from "./userAgent";
import { useEndSession } from "./useSessions";
import { accountWords } from "./words";

export function SessionRow({ session, onEnded }: { session: OpenSession; onEnded: () => void }) {
  const words = useWords(accountWords).sessions;
  const problemText = useProblemText();
  const reasonId = useId();
  const end = useEndSession(
    () => {
      onEnded();
      toast({ text: words.ended, tone: "good" });
    },
    (error) => {
      toast({ text: problemText(error), tone: "bad" });
    },
  );
  const { browser = words.unknownBrowser, system } = readUserAgent(session.user_agent);
  const name = system === undefined ? browser : words.browserOn(browser, system);

  return (
    <li className={styles.session}>
      <div>
        <div className={styles.browser}>
          {name} {session.current && <Badge tone="good">{words.current}</Badge>}
        </div>
        <div className={styles.facts}>
          <span>{session.address}</span>
          <span>
            {words.lastUsed} <Time iso={session.last_used_at} />
          </span>
          {session.current && <span id={reasonId}>{words.whyNot}</span>}
        </div>
      </div>
      <Button
        aria-label={words.endNamed(name, session.address)}
        {...(session.current && { disabled: true, "aria-describedby": reasonId })}
        busy={end.isPending}
        onClick={() => {
          end.start(session.id);
        }}
      >
        {words.end}
      </Button>
    </li>
  );
}
