import type { BulkPlan, DeadLetter, Quarantined } from "../../api/types";
import { plural } from "../../i18n/plural";
import { formatCount } from "../../ui/format/number";

/** Why something was set aside, in words, and what to do. `link` leads to where it is done. */
export interface Cause {
  title: string;
  fix: string;
  link?: { to: string; text: string };
}

const destinations = (text: string) => ({ to: "/destinations", text });

/** By the destination's error code, its family before the slash, or dispatch's own code. */
const causes: Record<string, Cause> = {
  "190": {
    title: "Meta refused the token",
    fix: "Give the destination a new token. Then replay.",
    link: destinations("New token"),
  },
  "10": {
    title: "The token lacks a permission",
    fix: "Create a token of a system user that may manage the dataset. Then replay.",
    link: destinations("New token"),
  },
  "200": {
    title: "The token lacks a permission",
    fix: "Create a token of a system user that may manage the dataset. Then replay.",
    link: destinations("New token"),
  },
  "100": {
    title: "Meta refused the event",
    fix: "Open one to see which value was refused. Replay once its cause is corrected; a replay alone fails again.",
  },
  "100/2804003": { title: "The sale was too old for Meta", fix: "Meta accepts sales of the last 7 days only. Discard these." },
  too_old: { title: "The sale was too old for the destination", fix: "Meta accepts sales of the last 7 days only. Discard these." },
  anonymous: {
    title: "Nothing identifies the buyer",
    fix: "Meta needs an email, a phone number or a click. Check that tracking runs on your checkout. Discard these.",
    link: { to: "/welcome?step=tracking", text: "Check tracking" },
  },
  unreadable: {
    title: "The stored conversion cannot be read",
    fix: "It was written by another release. Ask who operates Orylo, then replay.",
  },
  token_undecryptable: {
    title: "The stored token cannot be decrypted",
    fix: "The master key was changed. Give the destination its token again. Then replay.",
    link: destinations("New token"),
  },
};

const obstacles: Record<BulkPlan["cannot"][number]["reason"], string> = {
  too_old: "too old for the destination (7 days)",
  gone: "deleted or erased since",
  conflict: "contradict what is stored",
  already_settled: "settled meanwhile",
  not_found: "not found",
};

const sources: Record<string, string> = {
  ingest: "Receiving",
  detector: "Fraud decision",
  trust: "Trust",
  dispatch: "Sending",
  api: "Dashboard",
};

const kinds: Record<DeadLetter["kind"], (count: number) => string> = {
  message: (count) => `${formatCount(count)} ${plural(count, "message", "messages")}`,
  conversion: (count) => `${formatCount(count)} ${plural(count, "conversion", "conversions")}`,
  action: (count) => `${formatCount(count)} ${plural(count, "action at the provider", "actions at the provider")}`,
};

const states: Record<DeadLetter["state"] | Quarantined["state"], string> = {
  open: "Open",
  replayed: "Replayed",
  discarded: "Discarded",
  resolved: "Resolved",
  published: "Published",
  already_reported: "Reported before",
  ignored: "Ignored",
};

const webhooks = (count: number) => `${formatCount(count)} ${plural(count, "webhook", "webhooks")}`;

export const words = {
  title: "Problems",
  lead: "What was set aside or refused, what it costs, and how to get it back.",
  tabs: { label: "Kinds of problems", deadLetters: "Dead letters", quarantine: "Quarantine", rejections: "Refused" },
  what: {
    summary: "the counts",
    deadLetters: "dead letters",
    quarantine: "quarantined webhooks",
    rejections: "refused webhooks",
    item: "this entry",
    plan: "the count",
  },
  explain: {
    deadLetters: "Messages and conversions that failed after all retries. Nothing is lost: replay them once the cause is mended.",
    quarantine: "Authentic webhooks that Orylo does not understand, or that contradict an earlier one. They are kept and have no effect yet.",
    rejections: "Webhooks of the last 7 days that were not authentic or not readable. Their bodies are not stored, by design: only the gateway can send them again.",
  },
  filters: { source: "Service", anySource: "All services", filtered: "Filtered by", clear: "Clear" },
  view: { label: "View", groups: "By cause", single: "One by one" },
  none: {
    title: "Nothing is set aside",
    rejected: "Nothing was refused",
    never: "There has never been any.",
    last: (when: string) => `Last: ${when}.`,
  },
  causes,
  sources,
  kinds,
  states,
  webhooks,
  refusedCount: (count: number) => `${formatCount(count)} refused`,
  senders: (count: number) => `from ${formatCount(count)} ${plural(count, "address", "addresses")}`,
  sender: (address: string) => `from ${address}`,
  since: "since",
  last: "last",
  fallback: {
    message: "Open one to see what was not understood. A replay helps once the cause is mended, for example by a new release.",
    conversion: "The destination gives this reason. Correct it, then replay.",
    action: "The payment provider gives this reason. Check the payment there, then replay or discard.",
    quarantined: "This event is new or has an unknown form. After an update of Orylo, replay it.",
    conflict: "It arrived before with other contents, which are kept. Compare both, then discard or replay this one.",
  },
  cause: {
    conflict: (type: string) => `Contradicts an earlier webhook: ${type}`,
    quarantined: (type: string) => `Not understood: ${type}`,
  },
  moreGroups: (count: number) => `${formatCount(count)} further ${plural(count, "cause is", "causes are")} not listed. Settle some of these first.`,
  costs: "of payments",
  seeOne: "See the newest",
  replay: (count: number) => `Replay ${formatCount(count)}…`,
  discard: "Discard…",
  setUp: "Open the gateway",
  lastDay: "Last 24 hours",
  reason: "Reason",
  bulk: {
    replayTitle: "Replay these?",
    discardTitle: "Discard these?",
    counting: "Counting…",
    replayAction: (count: number) => `Replay ${formatCount(count)}`,
    discardAction: (count: number) => `Discard ${formatCount(count)}`,
    now: (count: number) => `${formatCount(count)} ${plural(count, "can", "can")} be settled now.`,
    nothing: "None of them can be settled now.",
    money: (amounts: string) => `They concern payments of ${amounts}.`,
    cannot: "These stay as they are:",
    obstacle: (count: number, why: string) => `${formatCount(count)} ${why}`,
    replayEffect: "Each is processed again as if it had just arrived. What fails again returns here under its new cause.",
    discardEffect: "A discarded entry is never processed or sent. It cannot be brought back.",
    changed: "The count changed meanwhile. Check it, then confirm again.",
    started: "The job has started.",
  },
  obstacles,
  item: {
    deadLetter: "Dead letter",
    quarantined: "Quarantined webhook",
    replay: "Replay",
    discard: "Discard…",
    discardTitle: "Discard it?",
    replayed: "Replayed. If it fails again, it returns here.",
    discarded: "Discarded.",
    payload: "Contents, without personal data",
    noPayload: "The contents are too large to be shown.",
    history: "Earlier ones of the same subject",
    failed: (when: string, attempts: number) => `${when} · ${formatCount(attempts)} ${plural(attempts, "attempt", "attempts")}`,
    facts: {
      state: "State",
      where: "Where",
      type: "Type",
      subject: "Concerns",
      code: "Code",
      attempts: "Attempts",
      firstFailed: "First failed",
      recorded: "Set aside",
      settled: "Settled",
      settledBy: "By",
      settledReason: "Because",
      gatewayId: "Gateway's id",
      gateway: "Gateway",
      replayed: "Replayed",
      result: "Result",
    },
    payment: "Open the payment",
    technical: "Technical",
  },
  columns: { when: "When", what: "What", where: "Where", why: "Why", state: "State", count: "How many" },
};
