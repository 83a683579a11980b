import type { ListedDestination } from "../../api/types";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { formatTime } from "../../ui/format/time";
import { Warning } from "../../ui/states/Warning";
import { destinationName } from "./names";
import { useDestinations } from "./useDestinations";

/** A notice for each destination that is not sent to, with what to do. Nothing while all are active. */
export function DestinationNotices({ tenant }: { tenant: string }) {
  const stopped = useDestinations().data?.items.filter(({ status }) => status !== "active") ?? [];
  if (stopped.length === 0) return null;
  return (
    <section aria-label="Destinations">
      {stopped.map((destination) => (
        <div key={destination.id} role={destination.status === "on_hold" ? "alert" : "status"}>
          <Warning>
            <span>{noticeText(destination)}</span>
          </Warning>
          {destination.status === "on_hold" && (
            <CopyableCode name="Command" text={correctionOf(destination, tenant)} />
          )}
        </div>
      ))}
    </section>
  );
}

function noticeText({ kind, name, status, since, reason }: ListedDestination): string {
  const who = `${destinationName(kind)} (${name})`;
  const from = since === null ? "" : ` since ${formatTime(since)}`;
  const why = reason === null ? "" : ` ${reason}`;
  const what = kind === "stripe" ? "actions on blocked payments" : "conversions";
  switch (status) {
    case "on_hold":
      return `${who} is on hold${from}.${why} Its ${what} wait until you correct it:`;
    case "throttled":
      return `${who} limits the rate of calls${from}.${why} Its ${what} wait; there is nothing to do.`;
    case "unavailable":
      return `${who} is unavailable${from}.${why} Its ${what} are tried again every few seconds; there is nothing to do.`;
    case "disabled":
      return `${who} is disabled. Its ${what} wait until it is added again.`;
    case "active":
      return `${who} is active.`;
  }
}

function correctionOf({ kind, name }: ListedDestination, tenant: string): string {
  if (kind === "stripe") return `orylo destination add ${tenant} stripe --token-stdin`;
  return `orylo destination add ${tenant} ${kind} --name ${name} --pixel-id PIXEL --token-stdin`;
}
