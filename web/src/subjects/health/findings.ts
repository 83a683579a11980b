import type { HealthSummary, ListedDestination } from "../../api/types";
import { formatCount } from "../../ui/format/number";
import { formatTime } from "../../ui/format/time";
import { destinationName } from "../destinations/names";
import { gatewayName } from "../gateways/names";
import type { Words } from "./words";

type PartName = "gateways" | "decisions" | "destinations" | "dead_letters" | "projection";

/** What there is to say about a part of the shop's health. */
export interface Finding {
  part: PartName;
  status: HealthSummary["status"];
  text: string;
  /** The page where to look or mend. */
  to?: string;
}

/** Return one finding for each part that is well, and one for each thing that is not. */
export function findingsOf(words: Words, health: HealthSummary): Finding[] {
  return [
    ...gatewaysOf(words, health),
    ...decisionsOf(words, health),
    ...destinationsOf(words, health),
    ...deadLettersOf(words, health),
    ...projectionOf(words, health),
  ];
}

const tenths = (value: number): string => formatCount(Math.round(value * 10) / 10);

function gatewaysOf(words: Words, { gateways: { status, items } }: HealthSummary): Finding[] {
  if (status === "missing") return [{ part: "gateways", status, text: words.missing.gateways, to: "/gateways" }];
  const failed = items.filter((each) => each.status === "failed");
  if (failed.length > 0) {
    return failed.map(({ gateway, silent_since }) => ({
      part: "gateways",
      status: "failed",
      text:
        silent_since === null
          ? words.gatewayRefused(gatewayName(gateway))
          : words.gatewaySilent(gatewayName(gateway), formatTime(silent_since)),
      to: `/gateways/${gateway}`,
    }));
  }
  return [{ part: "gateways", status: "ok", text: items.length === 0 ? words.noGateways : words.gateways(items.length), to: "/gateways" }];
}

function decisionsOf(words: Words, { decisions: { status, p95_ms } }: HealthSummary): Finding[] {
  if (status === "missing") return [{ part: "decisions", status, text: words.missing.decisions }];
  return [{ part: "decisions", status, text: p95_ms === null ? words.noDecisions : words.decisions(tenths(p95_ms)) }];
}

/** The name by which a person knows a destination: "Meta (main)". */
export const nameOf = ({ kind, name }: Pick<ListedDestination, "kind" | "name">): string => `${destinationName(kind)} (${name})`;

type Stopped = ListedDestination & { status: "on_hold" | "unavailable" };

// A throttled one recovers without help, and a disabled one is so on purpose.
const isStopped = (each: ListedDestination): each is Stopped => each.status === "on_hold" || each.status === "unavailable";

function destinationsOf(words: Words, { destinations: { status, items } }: HealthSummary): Finding[] {
  if (status === "missing") return [{ part: "destinations", status, text: words.missing.destinations, to: "/destinations" }];
  const stopped = items.filter(isStopped);
  if (stopped.length > 0) {
    return stopped.map((each) => ({
      part: "destinations",
      status: "failed",
      text: words.destination[each.status](nameOf(each)),
      to: `/destinations/${each.id}`,
    }));
  }
  const text = items.length === 0 ? words.noDestinations : words.destinations(items.length);
  return [{ part: "destinations", status: "ok", text, to: "/destinations" }];
}

function deadLettersOf(words: Words, { dead_letters: { status, open } }: HealthSummary): Finding[] {
  const to = "/problems/dead-letters";
  if (status === "missing") return [{ part: "dead_letters", status, text: words.missing.dead_letters, to }];
  return [{ part: "dead_letters", status, text: words.deadLetters(open), to }];
}

function projectionOf(words: Words, { projection: { status, lag_s } }: HealthSummary): Finding[] {
  if (status === "missing") return [{ part: "projection", status, text: words.missing.projection }];
  const seconds = tenths(Math.max(lag_s, 0.1));
  return [{ part: "projection", status, text: status === "failed" ? words.late(seconds) : words.lag(seconds) }];
}
