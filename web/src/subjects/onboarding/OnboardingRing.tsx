import { Link } from "react-router";

import { useWords } from "../../i18n/words";
import styles from "./OnboardingRing.module.css";
import { useOnboarding } from "./useOnboarding";
import { onboardingWords } from "./words";

const RADIUS = 7;
const LENGTH = 2 * Math.PI * RADIUS;

/** How many of the first steps are done, as a ring that leads to them. Nothing once all are done, or dismissed. */
export function OnboardingRing() {
  const words = useWords(onboardingWords);
  const onboarding = useOnboarding().data?.value;

  if (onboarding === undefined || onboarding.dismissed) return null;
  const { steps } = onboarding;
  const settled = steps.filter(({ done, skipped }) => done || skipped).length;
  if (settled === steps.length) return null;
  return (
    <Link to="/welcome" className={styles.ring}>
      <svg aria-hidden="true" width="18" height="18" viewBox="0 0 18 18" fill="none" strokeWidth="3">
        <circle className={styles.track} cx="9" cy="9" r={RADIUS} />
        <circle
          className={styles.done}
          cx="9"
          cy="9"
          r={RADIUS}
          transform="rotate(-90 9 9)"
          strokeDasharray={`${(LENGTH * settled) / steps.length} ${LENGTH}`}
        />
      </svg>
      <span>{words.progress(settled, steps.length)}</span>
    </Link>
  );
}
