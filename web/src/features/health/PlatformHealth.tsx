import type { PaymentHealth } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Badge } from "../../ui/display/Badge";
import { formatCount } from "../../ui/format/number";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./HealthPage.module.css";
import { usePaymentHealth } from "./usePaymentHealth";
import { healthPageWords } from "./words";

const CHECKS = ["database", "cache", "webhooks", "stripe"] as const satisfies (keyof PaymentHealth["checks"])[];

/** Whether Orylo itself works, for all shops. */
export function PlatformHealth() {
  const words = useWords(healthPageWords);
  const health = usePaymentHealth();
  const failure = useFailure(health);

  function body() {
    if (failure !== null && health.data === undefined) {
      return <Failed what={words.thePlatform} error={failure} retry={() => void health.refetch()} />;
    }
    if (health.data === undefined) return <Loading what={words.thePlatform} rows={4} />;
    return <Checks checks={health.data.checks} />;
  }

  return (
    <section aria-labelledby="platform" className={styles.part}>
      <h2 id="platform">{words.platform}</h2>
      {body()}
    </section>
  );
}

function Checks({ checks }: { checks: PaymentHealth["checks"] }) {
  const words = useWords(healthPageWords);

  return (
    <ul className={styles.findings}>
      {CHECKS.map((name) => {
        const { ok, latency_ms } = checks[name];
        const { name: title, ok: good, bad } = words.checks[name];
        return (
          <li key={name}>
            <Badge tone={ok ? "good" : "bad"} icon={ok ? "check" : "alert"}>
              {title}
            </Badge>
            <span className={styles.text}>{ok ? good : bad}</span>
            <span className={styles.asOf}>{words.milliseconds(formatCount(Math.round(latency_ms * 10) / 10))}</span>
          </li>
        );
      })}
    </ul>
  );
}
