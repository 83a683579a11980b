import type { ActiveSwitch } from "../../api/types";
import { formatTime } from "../../ui/format/time";
import { Warning } from "../../ui/states/Warning";
import { useSwitches } from "./useSwitches";

/** A line for each switch that is on. Nothing while none is. */
export function SwitchBanner() {
  const switches = useSwitches().data ?? [];
  if (switches.length === 0) return null;
  return (
    <section aria-label="Switches">
      {switches.map((each) => (
        <div key={`${each.scope} ${each.name} ${each.target ?? ""}`} role="status">
          <Warning>
            <span>{words(each)}</span>
          </Warning>
        </div>
      ))}
    </section>
  );
}

function words({ name, scope, target, message, until }: ActiveSwitch): string {
  const what = {
    stop_webhooks: target === null ? "Webhooks are stopped: the gateways send them again later." : `Webhooks of ${target} are stopped: it sends them again later.`,
    stop_sending: target === null ? "Sending is stopped: conversions wait." : "Sending to a destination is stopped: its conversions wait.",
    maintenance: "Maintenance: nothing can be changed now.",
  }[name];
  const end = until === null ? "" : ` Until ${formatTime(until)}.`;
  return `${what} ${scope === "platform" ? "The platform says" : "Message"}: “${message}”.${end}`;
}
