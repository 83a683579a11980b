import type { Decision } from "../../api/types";
import { Icon, type IconName } from "../../ui/display/Icon";
import styles from "./DecisionBadge.module.css";
import { DECISIONS } from "./labels";

const ICONS: Record<Decision, IconName> = { allow: "check", review: "eye", block: "stop" };

export function DecisionBadge({ decision }: { decision: Decision }) {
  return (
    <span className={styles.badge} data-decision={decision}>
      <Icon name={ICONS[decision]} size={12} />
      {DECISIONS[decision]}
    </span>
  );
}
