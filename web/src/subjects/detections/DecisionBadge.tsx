import type { Decision } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Icon, type IconName } from "../../ui/display/Icon";
import styles from "./DecisionBadge.module.css";
import { detectionWords } from "./words";

const ICONS: Record<Decision, IconName> = { allow: "check", review: "eye", block: "stop" };

export function DecisionBadge({ decision }: { decision: Decision }) {
  const words = useWords(detectionWords);

  return (
    <span className={styles.badge} data-decision={decision}>
      <Icon name={ICONS[decision]} size={12} />
      {words.decisions[decision]}
    </span>
  );
}
