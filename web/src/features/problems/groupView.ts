import type { DeadLetterGroup, MoneyTotal, QuarantineGroup, RejectionGroup } from "../../api/types";
import { gatewayName } from "../../subjects/gateways/names";
import type { Words as GatewayWords } from "../../subjects/gateways/words";
import { formatCount } from "../../ui/format/number";
import type { Filters, GroupsByKind } from "./useProblems";
import type { ProblemKind } from "./address";
import type { Words } from "./words";
import type { Cause } from "./words.en";

/** A group of problems as the page shows it, of whichever kind. */
export interface GroupView {
  key: string;
  tone: "bad" | "warn";
  /** The gateway or service it comes from. */
  where: string;
  cause: Cause;
  /** The sentence of the API, if `cause` says something else. */
  reason: string | undefined;
  /** How many there are, with what they are. */
  amount: string;
  count: number;
  money: readonly MoneyTotal[];
  note: string | undefined;
  since: string;
  lastAt: string;
  hourly: readonly number[];
  /** Selects exactly this group in a bulk action. Null if there is none. */
  filter: Filters | null;
  sampleId: string | null;
}

interface AllWords {
  words: Words;
  gateways: GatewayWords;
}

export function groupViews(all: AllWords, kind: ProblemKind, groups: GroupsByKind[ProblemKind], filters: Filters): GroupView[] {
  if (kind === "dead-letters") return (groups.items as DeadLetterGroup[]).map((group) => deadLetterView(all, group, filters));
  if (kind === "quarantine") return (groups.items as QuarantineGroup[]).map((group) => quarantineView(all, group, filters));
  return (groups.items as RejectionGroup[]).map((group) => rejectionView(all, group));
}

/** Return the words for a destination's error code: of the whole code, else of its family before the slash. */
export function causeOfCode({ causes }: Words, code: string | null): Cause | undefined {
  if (code === null) return undefined;
  const family = code.split("/")[0] ?? code;
  const known = [code, family].find((each) => Object.hasOwn(causes, each));
  return known === undefined ? undefined : causes[known];
}

function deadLetterView({ words }: AllWords, group: DeadLetterGroup, filters: Filters): GroupView {
  const { source, kind, cause, code, reason, count, money, since, last_at, hourly, sample_id } = group;
  // The codes of causes are a destination's: those of a payment provider mean something else.
  const known = kind === "conversion" ? causeOfCode(words, code) : undefined;
  return {
    key: `${source} ${kind} ${cause}`,
    tone: "bad",
    where: words.sources[source] ?? source,
    cause: known ?? { title: reason, fix: words.fallback[kind] },
    reason: known === undefined ? undefined : code === null ? reason : `${reason} (${code})`,
    amount: words.kinds[kind](count),
    count,
    money,
    note: undefined,
    since,
    lastAt: last_at,
    hourly,
    filter: { ...filters, source, kind, cause },
    sampleId: sample_id,
  };
}

function quarantineView({ words }: AllWords, group: QuarantineGroup, filters: Filters): GroupView {
  const { gateway, kind, cause, reason, gateway_event_type, count, since, last_at, hourly, sample_id } = group;
  return {
    key: `${gateway} ${kind} ${cause}`,
    tone: "bad",
    where: gatewayName(gateway),
    cause: { title: words.cause[kind](gateway_event_type), fix: words.fallback[kind] },
    reason,
    amount: words.webhooks(count),
    count,
    money: [],
    note: undefined,
    since,
    lastAt: last_at,
    hourly,
    filter: { ...filters, gateway, kind, cause },
    sampleId: sample_id,
  };
}

function rejectionView({ words, gateways }: AllWords, group: RejectionGroup): GroupView {
  const { gateway, code, reason, status, count, senders, remote, since, last_at, hourly } = group;
  const known = Object.hasOwn(gateways.refusals, code) ? gateways.refusals[code] : undefined;
  const setUp = { to: `/gateways/${gateway}`, text: words.setUp };
  return {
    key: `${gateway} ${code}`,
    tone: "warn",
    where: gateway === "unknown" ? "?" : gatewayName(gateway),
    cause: {
      title: known?.cause ?? gateways.refusalFallback,
      fix: known?.fix ?? reason,
      ...(gateway !== "unknown" && { link: setUp }),
    },
    reason: known === undefined ? undefined : `HTTP ${formatCount(status)} · ${code}`,
    amount: words.refusedCount(count),
    count,
    money: [],
    note: senders === 1 && remote !== null ? words.sender(remote) : words.senders(senders),
    since,
    lastAt: last_at,
    hourly,
    filter: null,
    sampleId: null,
  };
}
