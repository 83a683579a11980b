import { DECISIONS } from "../../../subjects/detections/labels";
import { GatewaySelect } from "../../../subjects/gateways/GatewaySelect";
import { Button } from "../../../ui/controls/Button";
import { Segmented } from "../../../ui/controls/Segmented";
import { Icon } from "../../../ui/display/Icon";
import type { Filters } from "../live/decisions";
import styles from "./FilterBar.module.css";

const DECISION_OPTIONS = { all: "All", ...DECISIONS };

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
          options={DECISION_OPTIONS}
          value={filters.decision ?? "all"}
          onChange={(option) => {
            onFilter({ decision: option === "all" ? undefined : option });
          }}
        />
        <GatewaySelect
          value={filters.gateway}
          onChange={(gateway) => {
            onFilter({ gateway });
          }}
        />
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
