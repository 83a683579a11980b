import { Link } from "react-router";

import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Icon, type IconName } from "../../ui/display/Icon";
import { Partial } from "../../ui/states/Partial";
import { type Finding, findingsOf } from "./findings";
import styles from "./HealthStrip.module.css";
import { useHealthSummary } from "./useHealthSummary";
import { healthWords } from "./words";

const ICONS: Record<Finding["status"], IconName> = { ok: "check", missing: "clock", failed: "alert" };

/** The shop's health in a line. Only what is not well is loud; while all is well, the line is quiet. */
export function HealthStrip() {
  const words = useWords(healthWords);
  const health = useHealthSummary();
  const failure = useFailure(health);

  if (failure !== null && health.data === undefined) return <Partial what={words.what} retry={() => void health.refetch()} />;
  if (health.data === undefined) return <div className={styles.strip} aria-busy="true" />;
  const findings = findingsOf(words, health.data);
  return (
    <section aria-label={words.title} className={styles.strip}>
      <Link to="/health" className={styles.title}>
        {health.data.status === "ok" ? words.allWell : words.title}
      </Link>
      <ul className={styles.findings}>
        {findings.map((finding) => (
          <li key={finding.text} className={styles.finding} data-status={finding.status}>
            <Icon name={ICONS[finding.status]} size={13} />
            {finding.to === undefined ? finding.text : <Link to={finding.to}>{finding.text}</Link>}
          </li>
        ))}
      </ul>
    </section>
  );
}
