import type { Conversion, ListedDestination } from "../../api/types";
import { formatPercent } from "../../ui/format/number";
import { humanise } from "../../ui/format/text";
import { formatTime } from "../../ui/format/time";
import { destinationName } from "../destinations/names";
import type { Words } from "./words";

/** What a conversion and a payment's conversions together have in common. */
export type ConversionOutcome = Pick<Conversion, "status" | "reason" | "code" | "correction" | "waiting_for">;

/** The state, such as "Kept from Meta". */
export const conversionLabel = (words: Words, status: Conversion["status"], destination = "meta"): string =>
  words.states[status](destinationName(destination));

/** Say that a conversion should not have been sent, and why. */
export const correctionLabel = (words: Words, correction: string): string =>
  words.correction(words.corrections[correction] ?? humanise(correction).toLowerCase());

/**
 * Why a conversion failed or was suppressed, or what a pending one waits for; null if there is nothing to say.
 * `destination` is its destination as last reported, which may have changed since the conversion was.
 */
export function conversionNote(words: Words, conversion: ConversionOutcome, destination?: ListedDestination): string | null {
  const { status, reason, code } = conversion;
  const wait = destination === undefined ? conversion.waiting_for : waitOf(conversion, destination);
  if (wait !== null) {
    const sentence = words.waits[wait.cause](wait.since === null ? null : formatTime(wait.since));
    return [sentence, withCode(wait.reason, wait.code)].filter(Boolean).join(" ");
  }
  const known = status === "suppressed" && reason !== null ? words.suppressed[reason] : undefined;
  return known ?? withCode(reason, code);
}

function waitOf({ status }: ConversionOutcome, destination: ListedDestination): Conversion["waiting_for"] {
  if (status !== "pending" || destination.status === "active") return null;
  const { reason, code, since } = destination;
  return { cause: `destination_${destination.status}`, reason, code, since };
}

export const MAX_CAUSE = 200;

/** What conversions that failed or were kept back for the same cause have in common, as the API filters by it. */
export const causeOf = ({ code, reason }: Pick<Conversion, "code" | "reason">): string | undefined => code ?? reason?.slice(0, MAX_CAUSE);

const withCode = (reason: string | null, code: string | null): string | null =>
  reason === null || code === null ? reason : `${reason} (${code})`;

export const methodLabel = (words: Words, method: string): string =>
  method === "none" ? words.noMatch : (words.methods[method] ?? humanise(method).toLowerCase());

export function matchLabel(words: Words, { method, confidence }: Conversion["match"]): string {
  if (method === "none") return words.noMatch;
  return words.matchedBy(methodLabel(words, method), formatPercent(confidence));
}

/** The methods that found no click, such as "tried without a click: click ID, email"; null if there are none. */
export const triedLabel = (words: Words, { tried }: Conversion["match"]): string | null =>
  tried?.length ? words.triedBefore(tried.map((method) => methodLabel(words, method)).join(", ")) : null;

/** The utm parameters as the address of the visit had them, such as "utm_source=facebook"; null if it had none. */
export const utmLabel = ({ utm }: Conversion["match"]): string | null =>
  utm === null ? null : Object.entries(utm).map(([name, value]) => `utm_${name}=${value}`).join(" · ");
