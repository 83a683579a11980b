import type { Conversion } from "../../api/types";
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

/** Why a conversion failed or was suppressed, or what a pending one waits for; null if there is nothing to say. */
export function conversionNote({ reason, code, waiting_for: wait }: Conversion): string | null {
  if (wait !== null) {
    const since = wait.since === null ? "" : ` since ${formatTime(wait.since)}`;
    return [`${WAITS[wait.cause]}${since}.`, withCode(wait.reason, wait.code)].filter(Boolean).join(" ");
  }
  return withCode(reason, code);
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
