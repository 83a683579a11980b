import type { Conversion, Decision } from "../api/types";

export const DECISIONS: Record<Decision, string> = { allow: "Allowed", review: "In review", block: "Blocked" };

export const GATEWAYS: Record<string, string> = {
  stripe: "Stripe",
  hotmart: "Hotmart",
  kiwify: "Kiwify",
  perfectpay: "PerfectPay",
};

const DESTINATIONS: Record<string, string> = { meta: "Meta", webhook: "Webhook" };

const PAYMENT_TYPES: Record<string, string> = {
  "payment.created.v1": "Started",
  "payment.succeeded.v1": "Paid",
  "payment.failed.v1": "Declined",
};

const REASONS: Record<string, string> = {
  "list.allowlisted": "On the allow list",
  "list.blocked": "On the block list",
  "amount_anomaly.customer": "Unusual amount for this customer",
  "amount_anomaly.product": "Unusual amount for this product",
  "amount_anomaly.tenant": "Unusual amount for your shop",
  "amount_anomaly.no_history": "Too little history to compare the amount",
  "trust_history.unknown_customer": "Unknown customer",
  "trust_history.low_trust": "Low trust score",
  "trust_history.disputes": "Disputed before",
  "trust_history.fraud_warnings": "Fraud warning before",
  "trust_history.frequent_refunds": "Frequent refunds",
  "trust_history.new_customer": "New customer",
  "trust_history.young_relation": "Customer for less than a day",
};

const ENTITIES: Record<string, string> = {
  customer: "by customer",
  card: "on card",
  ip: "from address",
  device: "on device",
};
const WINDOWS: Record<string, string> = { "1m": "in 1 min", "1h": "in 1 h", "24h": "in 24 h" };

const CAUSES: Record<string, string> = {
  dispute_opened: "Dispute opened",
  dispute_won: "Dispute won",
  dispute_lost: "Dispute lost",
  fraud_warning: "Fraud warning",
  refund: "Refund",
  clean_payment: "Clean payment",
  status_set: "Status set by a person",
};

const METHODS: Record<string, string> = {
  click_id: "click id",
  fbc: "Meta click cookie",
  fbp: "Meta browser cookie",
  email: "e-mail",
  phone: "phone",
  ip_user_agent: "address and browser",
};

/** A code as words, also one that this version does not know. */
export function spoken(code: string): string {
  const words = code.replaceAll(/[._]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function reasonInWords(code: string): string {
  const [detector, entity = "", window = "", of] = code.split(".");
  if (detector === "velocity" && entity in ENTITIES && window in WINDOWS) {
    return `${of === "amount" ? "High total" : "Many attempts"} ${ENTITIES[entity]} ${WINDOWS[window]}`;
  }
  return REASONS[code] ?? spoken(code);
}

export const gatewayName = (gateway: string): string => GATEWAYS[gateway] ?? spoken(gateway);
export const destinationName = (kind: string): string => DESTINATIONS[kind] ?? spoken(kind);
export const detectorName = (name: string): string => spoken(name);
export const causeInWords = (cause: string): string => CAUSES[cause] ?? spoken(cause);
export const methodInWords = (method: string): string => METHODS[method] ?? spoken(method).toLowerCase();
export const paymentTypeInWords = (type: string): string =>
  PAYMENT_TYPES[type] ?? spoken(type.replace(/^payment\./, "").replace(/\.v\d+$/, ""));

export function conversionInWords({ status, destination }: Pick<Conversion, "status" | "destination">): string {
  const name = destinationName(destination);
  switch (status) {
    case "pending":
      return `Waiting for ${name}`;
    case "dispatched":
      return `Sent to ${name}`;
    case "failed":
      return `${name} failed`;
    case "suppressed":
      return `Held back from ${name}`;
  }
}

/** An id's beginning and end: enough to tell rows apart. */
export function shortId(id: string): string {
  const native = id.replace(/^[a-z]+[:_]/, "");
  return native.length <= 12 ? native : `${native.slice(0, 6)}…${native.slice(-4)}`;
}
