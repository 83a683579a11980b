import type { GatewayConfiguration } from "../../api/types";
import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";

const modes: Record<GatewayConfiguration["mode"], string> = {
  native: "The gateway's own",
  hmac: "HMAC by your relay",
};

const accepts: Record<GatewayConfiguration["accept"][number], string> = { live: "Live mode", test: "Test mode" };

export const words = {
  title: "Gateways",
  lead: "Whether each gateway still reports everything.",
  what: { list: "the gateways", one: "this gateway", secrets: "the secrets", stats: "the hourly figures" },
  unknown: { title: "Orylo does not know this gateway", text: "It may be spelled differently.", back: "All gateways" },
  state: { on: "On", off: "Off", paused: "Paused", unset: "Not set up", silent: "Silent" },
  columns: { gateway: "Gateway", state: "State", last: "Last webhook", today: "Last 24 hours", refused: "Refused", secret: "Secret" },
  never: "never",
  silent: (gap: string) => `silent, usually one every ${gap}`,
  gap: (seconds: number) =>
    seconds < 90
      ? `${formatCount(Math.round(seconds))} ${plural(Math.round(seconds), "second", "seconds")}`
      : seconds < 5400
        ? `${formatCount(Math.round(seconds / 60))} minutes`
        : `${formatCount(Math.round(seconds / 3600))} hours`,
  sections: {
    url: "URL",
    settings: "Settings",
    secrets: "Secrets",
    webhooks: "Last webhooks",
    hours: "Webhooks by hour",
    setUp: "Set it up",
  },
  health: {
    silent: (since: string, gap: string) =>
      `Nothing has arrived since ${since}, although a webhook usually arrives every ${gap} at this hour. Check the gateway's panel.`,
    refused: (count: number) => `${formatCount(count)} ${plural(count, "was", "were")} refused in the last 24 hours.`,
    seeRefused: "See why",
    unreachable: "Its health is not known at present: the receiving service does not answer.",
  },
  chart: {
    sentence: (count: number) => `${formatCount(count)} webhooks in the last 24 hours.`,
    accepted: "Accepted",
    repeated: "Repeated or ignored",
    aside: "Set aside",
    refused: "Refused",
  },
  settings: {
    enabled: "Accept its webhooks",
    mode: "Authentication",
    modes,
    accept: "Accept",
    accepts,
    acceptOne: "Choose at least one.",
    timezone: "Time zone of times without one",
    timezoneHint: "Empty: the gateway's usual zone",
    networks: "Allowed networks",
    networksHint: "One in each line, such as 203.0.113.0/24. Empty: any address",
    save: "Save",
    saved: "Saved. It takes effect within a second.",
    conflict: "Someone changed the settings meanwhile. These are the new ones; yours were not saved.",
  },
  secrets: {
    columns: { added: "Added", used: "Last used" },
    unused: "never used",
    retire: "Retire…",
    retireTitle: (label: string) => `Retire ${label}?`,
    retireEffect: "Webhooks that are signed with it are refused from then on.",
    retireAction: "Retire",
    retired: "The secret is retired.",
    rotate: "Change the secret",
    rotateLead: "No webhook is lost: both secrets are valid until you retire the old one.",
    added: "The secret is added. Both are valid now.",
    steps: {
      add: "Add the new secret here as a second one.",
      change: (secret: string) => `Change it at the gateway: ${secret}`,
      watch: "Wait until a webhook is authenticated with the new one.",
      watching: "Waiting for the first webhook with it… You can also send a sample.",
      seen: "The new one is used.",
      retire: "Retire the old one.",
    },
    start: "Change the secret…",
    cancel: "Not now",
  },
  pause: {
    pause: "Pause…",
    resume: "Resume",
    title: (gateway: string) => `Pause ${gateway}?`,
    action: "Pause",
    effect: "The gateway gets 503 for each webhook from now on, and is asked to send it again later. New sales are neither decided on nor reported meanwhile.",
    message: "Why, for those who work with you",
    paused: "Its webhooks are paused.",
    resumed: "Its webhooks are accepted again.",
    banner: (message: string) => `Paused: the gateway gets 503. “${message}”`,
    byPlatform: "The platform paused it. Only its operators can resume it.",
  },
};
