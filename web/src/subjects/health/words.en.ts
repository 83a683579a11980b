import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";

export const words = {
  title: "Health",
  what: "the health",
  allWell: "All is well",
  gateways: (count: number) => `${formatCount(count)} ${plural(count, "gateway", "gateways")}`,
  noGateways: "No gateway is set up",
  gatewaySilent: (gateway: string, since: string) => `${gateway} has sent nothing since ${since}`,
  gatewayRefused: (gateway: string) => `${gateway}: all webhooks of the last 24 hours were refused`,
  decisions: (p95: string) => `Decisions in ${p95} ms`,
  noDecisions: "No decisions in the last hour",
  destinations: (count: number) => `${formatCount(count)} ${plural(count, "destination", "destinations")}`,
  noDestinations: "No destination is set up",
  destination: {
    on_hold: (name: string) => `${name} is on hold: sales wait until you correct it`,
    unavailable: (name: string) => `${name} is unavailable: sales wait, none is lost`,
  },
  deadLetters: (count: number) => count === 0 ? "No dead letters" : `${formatCount(count)} ${plural(count, "dead letter", "dead letters")}`,
  lag: (seconds: string) => `Shown within ${seconds} s`,
  missing: {
    gateways: "The gateways cannot be asked now",
    decisions: "The decisions cannot be asked now",
    destinations: "The destinations cannot be asked now",
    dead_letters: "The dead letters cannot be asked now",
    projection: "The age of what you see is not known now",
  },
  late: (seconds: string) => `What you see is ${seconds} s behind. Nothing is lost`,
  states: { ok: "Good", missing: "Not known", failed: "Needs a look" },
};
