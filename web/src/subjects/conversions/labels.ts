import type { Conversion, ListedDestination } from "../../api/types";
import { formatPercent } from "../../ui/format/number";
import { humanise } from "../../ui/format/text";
import { formatTime } from "../../ui/format/time";
import { destinationName } from "../destinations/names";

const MATCH_METHODS: Record<string, string> = {
  click_id: "click ID",
  fbc: "Meta click cookie",
  fbp: "Meta browser cookie",
  email: "email",
  phone: "phone",
  ip_user_agent: "IP address and browser",
};

export function conversionLabel({ status, destination }: Pick<Conversion, "status" | "destination">): string {
  const name = destinationName(destination);
  switch (status) {
    case "pending":
      return `Queued for ${name}`;
    case "dispatched":
      return `Sent to ${name}`;
    case "failed":
      return `Not accepted by ${name}`;
    case "suppressed":
      return `Kept from ${name}`;
  }
}

const CORRECTIONS: Record<string, string> = { blocked: "payment is blocked now" };

/** Say that a conversion should not have been sent, and why. */
export const correctionLabel = (correction: string): string =>
  `should not have been sent: ${CORRECTIONS[correction] ?? humanise(correction).toLowerCase()}`;

/**
 * Why a conversion failed or was suppressed, or what a pending one waits for; null if there is nothing to say.
 * `destination` is its destination as last reported, which may have changed since the conversion was.
 */
export function conversionNote(conversion: Conversion, destination?: ListedDestination): string | null {
  const { reason, code } = conversion;
  const wait = destination === undefined ? conversion.waiting_for : waitOf(conversion, destination);
  if (wait !== null) {
    const since = wait.since === null ? "" : ` since ${formatTime(wait.since)}`;
    return [`${WAITS[wait.cause]}${since}.`, withCode(wait.reason, wait.code)].filter(Boolean).join(" ");
  }
  return withCode(reason, code);
}

function waitOf({ status }: Conversion, destination: ListedDestination): Conversion["waiting_for"] {
  if (status !== "pending" || destination.status === "active") return null;
  const { reason, code, since } = destination;
  return { cause: `destination_${destination.status}`, reason, code, since };
}

const WAITS: Record<NonNullable<Conversion["waiting_for"]>["cause"], string> = {
  destination_on_hold: "Waits for you to correct the destination, which is on hold",
  destination_throttled: "Waits for the destination, which limits the rate of calls",
  destination_unavailable: "Waits for the destination, which is unavailable",
  destination_disabled: "Waits for the destination to be enabled",
};

const withCode = (reason: string | null, code: string | null): string | null =>
  reason === null || code === null ? reason : `${reason} (${code})`;

export function matchLabel({ method, confidence }: Conversion["match"]): string {
  if (method === "none") return "no matching click";
  return `matched by ${MATCH_METHODS[method] ?? humanise(method).toLowerCase()} (${formatPercent(confidence)})`;
}
