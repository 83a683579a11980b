import type { StreamState } from "../../stream/liveStream";
import { useStreamState } from "../../stream/useStream";
import styles from "./ConnectionState.module.css";

const LABELS: Record<StreamState, string> = { connecting: "Connecting…", live: "Live", waiting: "Reconnecting…" };

export function ConnectionState() {
  const state = useStreamState();

  return (
    <p role="status" aria-label="Live connection" className={styles.state} data-state={state}>
      <span aria-hidden="true" className={styles.dot} />
      {LABELS[state]}
    </p>
  );
}
