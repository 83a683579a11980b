import { Link } from "react-router";

import type { HealthSummary } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { type Finding, findingsOf } from "../../subjects/health/findings";
import { useHealthSummary } from "../../subjects/health/useHealthSummary";
import { healthWords } from "../../subjects/health/words";
import { LinkButton } from "../../ui/controls/Button";
import { Badge } from "../../ui/display/Badge";
import { formatTime } from "../../ui/format/time";
import { Banner } from "../../ui/states/Banner";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { DestinationsHealth } from "./DestinationsHealth";
import { GatewaysHealth } from "./GatewaysHealth";
import styles from "./HealthPage.module.css";
import { PlatformHealth } from "./PlatformHealth";
import { healthPageWords } from "./words";

/** What is broken, since when, and what to do now, in the shop's own words. */
export default function HealthPage() {
  const words = useWords(healthPageWords);
  const health = useHealthSummary();
  const failure = useFailure(health);

  function body() {
    if (failure !== null && health.data === undefined) {
      return <Failed what={words.theHealth} error={failure} retry={() => void health.refetch()} />;
    }
    if (health.data === undefined) return <Loading what={words.theHealth} rows={6} />;
    return <Summary health={health.data} />;
  }

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{words.title}</h1>
        {health.data !== undefined && (
          <p className={styles.asOf}>
            {words.asOf} <time dateTime={health.data.generated_at}>{formatTime(health.data.generated_at)}</time>
          </p>
        )}
      </header>
      {body()}
      <PlatformHealth />
    </div>
  );
}

const BANNERS = { ok: "good", missing: "warn", failed: "bad" } as const;

function Summary({ health }: { health: HealthSummary }) {
  const words = useWords(healthPageWords);
  const text = { ok: words.allWell, missing: words.notKnown, failed: words.notWell }[health.status];

  return (
    <>
      <Banner tone={BANNERS[health.status]}>{text}</Banner>
      <Findings findings={findingsOf(useWords(healthWords), health)} />
      <GatewaysHealth part={health.gateways} />
      <DestinationsHealth part={health.destinations} />
    </>
  );
}

const TONES = { ok: "good", missing: "plain", failed: "bad" } as const;
const ICONS = { ok: "check", missing: "clock", failed: "alert" } as const;

function Findings({ findings }: { findings: readonly Finding[] }) {
  const words = useWords(healthPageWords);
  const { states } = useWords(healthWords);

  return (
    <ul className={styles.findings}>
      {findings.map(({ part, status, text, to }) => (
        <li key={text}>
          <Badge tone={TONES[status]} icon={ICONS[status]}>
            {states[status]}
          </Badge>
          <span className={styles.name}>{words.parts[part]}</span>
          <span className={styles.text}>{to === undefined || status === "failed" ? text : <Link to={to}>{text}</Link>}</span>
          {status === "failed" && to !== undefined && <LinkButton to={to}>{words.look}</LinkButton>}
        </li>
      ))}
    </ul>
  );
}
