import { useState } from "react";

import { useQuery } from "@tanstack/react-query";

import { get, post } from "../../api/client";
import type { TrackingCheck, TrackingStats } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { useIdentity } from "../../session/identity";
import { useGateways } from "../../subjects/gateways/useGateways";
import { Button } from "../../ui/controls/Button";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { Field } from "../../ui/controls/Field";
import { Icon } from "../../ui/display/Icon";
import { Time } from "../../ui/display/Time";
import { formatCount } from "../../ui/format/number";
import { useProblemText } from "../../ui/problems/problemText";
import { Failed } from "../../ui/states/Failed";
import { FormError } from "../../ui/states/FormError";
import styles from "./Welcome.module.css";
import { welcomeWords } from "./words";

const POLL_INTERVAL_MS = 10_000;

/** The line that tracks visits, a check of a page that should have it, and the visits that were reported. */
export function TrackingStep() {
  const { tracking: words } = useWords(welcomeWords);
  const { tenant } = useIdentity();
  const url = useGateways().data?.items[0]?.url ?? null;

  return (
    <div className={styles.card}>
      <p>{words.paste}</p>
      {url === null ? (
        <p>{words.noAddress}</p>
      ) : (
        <CopyableCode name={words.snippet} text={`<script async src="${new URL("/t.js", url).href}" data-tenant="${tenant.slug}"></script>`} />
      )}
      <PageCheck />
      <Visits />
    </div>
  );
}

function PageCheck() {
  const { tracking: words } = useWords(welcomeWords);
  const problemText = useProblemText();
  const [url, setUrl] = useState("https://");
  const [result, setResult] = useState<TrackingCheck | undefined>();
  const check = useAction((page: string) => post<TrackingCheck>("/api/v1/tracking/check", { url: page }), { onSuccess: setResult });

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (check.isPending) return;
        setResult(undefined);
        check.start(url.trim());
      }}
    >
      <Field label={words.url}>
        <input
          type="url"
          value={url}
          required
          maxLength={2000}
          onChange={(event) => {
            setUrl(event.target.value);
          }}
        />
      </Field>
      <Guarded permission="tracking.check">
        <Button type="submit" busy={check.isPending}>
          {words.check}
        </Button>
      </Guarded>
      {check.error !== null && <FormError text={problemText(check.error)} />}
      {result !== undefined && (
        <ul role="status" className={styles.findings}>
          {result.problems.length === 0 && (
            <li data-tone="good">
              <Icon name="check" /> {words.found}
            </li>
          )}
          {result.problems.map(({ code, detail }) => (
            <li key={code} data-tone="bad" title={detail}>
              <Icon name="alert" /> {words.problems[code]}
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}

function Visits() {
  const words = useWords(welcomeWords);
  const stats = useQuery({
    queryKey: ["tracking stats"],
    queryFn: ({ signal }) => get<TrackingStats>("/api/v1/tracking/stats", { days: 7 }, signal),
    // The stream has no event for a visit: while this step is open, the figures are read again and again.
    refetchInterval: POLL_INTERVAL_MS,
  });

  if (stats.isError) return <Failed what={words.what.stats} error={stats.error} retry={() => void stats.refetch()} />;
  if (stats.data === undefined) return null;
  const { visits, with_click_id, last_at } = stats.data;
  if (last_at === null) return <p role="status">{words.tracking.none}</p>;
  return (
    <p role="status">
      {words.tracking.visits(formatCount(visits))} · {words.tracking.clicks(formatCount(with_click_id))} · {words.tracking.seen}{" "}
      <Time iso={last_at} />
    </p>
  );
}
