import { useQuery } from "@tanstack/react-query";

import { get } from "../../../api/client";
import type { DestinationQuality, EventQuality, ListedDestination } from "../../../api/types";
import { useFailure } from "../../../api/useFailure";
import { useWords } from "../../../i18n/words";
import { useDestinations } from "../../../subjects/destinations/useDestinations";
import { Time } from "../../../ui/display/Time";
import { formatCount, formatPercent } from "../../../ui/format/number";
import { humanise } from "../../../ui/format/text";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { conversionsWords } from "../words";
import styles from "./MetaQuality.module.css";

/** As long as the API keeps Meta's answer. */
const STALE_AFTER_MS = 15 * 60_000;

/** How well Meta says that it matches what each destination sends. Nothing without a destination at Meta. */
export function MetaQuality() {
  const words = useWords(conversionsWords);
  const destinations = useDestinations().data?.items.filter(({ kind, status }) => kind === "meta" && status !== "disabled") ?? [];

  if (destinations.length === 0) return null;
  return (
    <section aria-labelledby="meta-quality" className={styles.quality}>
      <h2 id="meta-quality">{words.metaTitle}</h2>
      {destinations.map((destination) => (
        <Report key={destination.id} destination={destination} isNamed={destinations.length > 1} />
      ))}
    </section>
  );
}

function Report({ destination: { id, name }, isNamed }: { destination: ListedDestination; isNamed: boolean }) {
  const words = useWords(conversionsWords);
  const quality = useQuery({
    queryKey: ["destination-quality", id],
    queryFn: ({ signal }) => get<DestinationQuality>(`/api/v1/destinations/${id}/quality`, {}, signal),
    staleTime: STALE_AFTER_MS,
  });
  const failure = useFailure(quality);
  const { data } = quality;

  if (failure !== null && data === undefined) return <Failed what={words.metaFigures} error={failure} retry={() => void quality.refetch()} />;
  if (data === undefined) return <Loading what={words.metaFigures} rows={2} />;
  return (
    <div className={styles.report}>
      {isNamed && <h3>{name}</h3>}
      {data.refusal !== null && <p>{words.metaRefused(data.refusal.reason ?? data.refusal.outcome)}</p>}
      {data.refusal === null && data.events.length === 0 && <p>{words.metaNothing}</p>}
      {data.events.map((event) => (
        <Event key={event.event_name} event={event} />
      ))}
      <p className={styles.asked}>
        {words.metaAsked} <Time iso={data.asked_at} />
      </p>
    </div>
  );
}

const percent = (percentage: number | null) => (percentage === null ? "–" : formatPercent(percentage / 100));

function Event({ event: { event_name, score, keys, dedupe_keys, freshness } }: { event: EventQuality }) {
  const words = useWords(conversionsWords);

  return (
    <div>
      <p className={styles.score}>
        <strong>{score === null ? "–" : formatCount(score)}</strong> {words.metaScore(event_name)}
      </p>
      <dl>
        {keys.map(({ key, percentage }) => (
          <div key={key}>
            <dt>{words.metaKeys[key] ?? humanise(key)}</dt>
            <dd>{percent(percentage)}</dd>
          </div>
        ))}
        {dedupe_keys.map(({ key, percentage }) => (
          <div key={key}>
            <dt>{words.metaDeduplicated(key)}</dt>
            <dd>{percent(percentage)}</dd>
          </div>
        ))}
        {freshness !== null && (
          <div>
            <dt>{words.metaArrive}</dt>
            <dd>{words.metaFreshness[freshness] ?? humanise(freshness)}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}
