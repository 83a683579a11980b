import type { StreamStatus } from "../../stream/eventStream";
import { useStreamStatus } from "../../stream/useStream";
import styles from "./ConnectionState.module.css";

export function ConnectionState() {
  const status = useStreamStatus();

  return (
    <div className={styles.connection}>
      <p role="status" aria-label="Live connection" className={styles.state} data-state={status.state}>
        <span aria-hidden="true" className={styles.dot} />
        {label(status)}
      </p>
      {status.reason !== null && <p role="alert" className={styles.reason}>{status.reason}</p>}
    </div>
  );
}

function label({ state, reason }: StreamStatus): string {
  if (state === "connecting") return "Connecting…";
  if (state === "live") return "Live";
  return reason === null ? "Not live, reconnecting…" : "Not live";
}
