import { Button } from "../../../ui/controls/Button";
import { Icon } from "../../../ui/display/Icon";
import { Segmented } from "../../../ui/controls/Segmented";
import { DECISIONS, GATEWAYS } from "../../../ui/words";
import type { Filters } from "../live/liveState";
import styles from "./FilterBar.module.css";

const CHOICES = { all: "All", ...DECISIONS };

interface Props {
  filters: Filters;
  onFilter: (filters: Partial<Filters>) => void;
  paused: boolean;
  onPause: (paused: boolean) => void;
}

export function FilterBar({ filters, onFilter, paused, onPause }: Props) {
  return (
    <div className={styles.bar}>
      <h2 className={styles.title}>Live feed</h2>
      <div className={styles.filters}>
        <Segmented
          label="Decision"
          options={CHOICES}
          value={filters.decision ?? "all"}
          onChange={(choice) => {
            onFilter({ decision: choice === "all" ? undefined : choice });
          }}
        />
        <select
          aria-label="Gateway"
          className={styles.select}
          value={filters.gateway ?? ""}
          onChange={(event) => {
            onFilter({ gateway: event.target.value || undefined });
          }}
        >
          <option value="">All gateways</option>
          {Object.entries(GATEWAYS).map(([gateway, name]) => (
            <option key={gateway} value={gateway}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Button
        aria-label={paused ? "Resume the live feed" : "Pause the live feed"}
        onClick={() => {
          onPause(!paused);
        }}
      >
        <Icon name={paused ? "play" : "pause"} />
        {paused ? "Resume" : "Pause"}
      </Button>
    </div>
  );
}
