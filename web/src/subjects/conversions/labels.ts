import type { Conversion } from "../../api/types";
import { formatPercent } from "../../ui/format/number";
import { humanise } from "../../ui/format/text";

const DESTINATIONS: Record<string, string> = { meta: "Meta", webhook: "Webhook" };

const MATCH_METHODS: Record<string, string> = {
  click_id: "click ID",
  fbc: "Meta click cookie",
  fbp: "Meta browser cookie",
  email: "email",
  phone: "phone",
  ip_user_agent: "IP address and browser",
};

const destinationName = (kind: string): string => DESTINATIONS[kind] ?? humanise(kind);

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

export function matchLabel({ method, confidence }: Conversion["match"]): string {
  if (method === "none") return "no matching click";
  return `matched by ${MATCH_METHODS[method] ?? humanise(method).toLowerCase()} (${formatPercent(confidence)})`;
}
