import type { Conversion } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Icon, type IconName } from "../../ui/display/Icon";
import styles from "./ConversionState.module.css";
import { conversionLabel, correctionLabel } from "./labels";
import { conversionWords } from "./words";

const ICONS: Record<Conversion["status"], IconName> = {
  pending: "clock",
  dispatched: "check",
  failed: "alert",
  suppressed: "pause",
};

type Shown = Pick<Conversion, "status" | "correction"> & { destination?: string };

/** A conversion's state, and that it should not have been sent. */
export function ConversionState({ conversion: { status, correction, destination } }: { conversion: Shown }) {
  const words = useWords(conversionWords);

  return (
    <>
      <span className={styles.state} data-status={status}>
        <Icon name={ICONS[status]} size={13} />
        <span data-text="">{conversionLabel(words, status, destination)}</span>
      </span>
      {correction !== null && (
        <span className={styles.correction} data-correction={correction}>
          {" · "}
          <Icon name="alert" size={13} /> {correctionLabel(words, correction)}
        </span>
      )}
    </>
  );
}
