import type { Conversion } from "../../api/types";
import { Icon, type IconName } from "../../ui/display/Icon";
import styles from "./ConversionState.module.css";
import { conversionLabel, correctionLabel } from "./labels";

const ICONS: Record<Conversion["status"], IconName> = {
  pending: "clock",
  dispatched: "check",
  failed: "alert",
  suppressed: "pause",
};

/** A conversion's state, and that it should not have been sent. */
export function ConversionState({ conversion }: { conversion: Conversion }) {
  return (
    <>
      <span className={styles.state} data-status={conversion.status}>
        <Icon name={ICONS[conversion.status]} size={13} />
        {conversionLabel(conversion)}
      </span>
      {conversion.correction !== null && (
        <span className={styles.correction} data-correction={conversion.correction}>
          {" · "}
          <Icon name="alert" size={13} /> {correctionLabel(conversion.correction)}
        </span>
      )}
    </>
  );
}
