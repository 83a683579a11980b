import type { ActiveSwitch, ListedGateway } from "../../api/types";
import { useWords } from "../../i18n/words";
import { Badge } from "../../ui/display/Badge";
import { gatewayPageWords } from "./words";

type State = "on" | "off" | "paused" | "unset" | "silent";

const TONES = { on: "good", off: "plain", paused: "warn", unset: "plain", silent: "warn" } as const;

export function stateOf({ name, configured, enabled, health }: ListedGateway, switches: readonly ActiveSwitch[]): State {
  if (!configured) return "unset";
  if (!enabled) return "off";
  const isPaused = switches.some((each) => each.name === "stop_webhooks" && (each.target === null || each.target === name));
  if (isPaused) return "paused";
  return health?.silent_since == null ? "on" : "silent";
}

/** A gateway's state in a word, with how it differs from the usual. */
export function GatewayState({ gateway, switches }: { gateway: ListedGateway; switches: readonly ActiveSwitch[] }) {
  const words = useWords(gatewayPageWords);
  const state = stateOf(gateway, switches);
  const gap = gateway.health?.usual_gap_s;

  return (
    <>
      <Badge tone={TONES[state]}>{words.state[state]}</Badge>
      {state === "silent" && gap != null && <small> {words.silent(words.gap(gap))}</small>}
    </>
  );
}
