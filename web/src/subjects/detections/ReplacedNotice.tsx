import type { Detection } from "../../api/types";
import { Button } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { decisionSummary } from "./labels";
import styles from "./ReplacedNotice.module.css";
import { usePaymentDecisions } from "./useDetection";

interface Props {
  detection: Detection;
  onOpen: (detectionId: string) => void;
}

/** Says that a newer decision replaced this one, and leads to it. It is announced when that happens. */
export function ReplacedNotice({ detection: { payment_id, replaced_by }, onOpen }: Props) {
  const newer = usePaymentDecisions(payment_id).data?.items.find(({ id }) => id === replaced_by);

  return (
    <div role="status">
      {replaced_by !== null && (
        <p className={styles.notice}>
          <Icon name="clock" />
          <span>Replaced by a newer decision{newer && `: ${decisionSummary(newer)}`}</span>
          <Button
            onClick={() => {
              onOpen(replaced_by);
            }}
          >
            Show newer decision
          </Button>
        </p>
      )}
    </div>
  );
}
