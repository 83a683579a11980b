import { humanise } from "../../ui/format/text";

const STATES: Record<string, string> = {
  created: "Started",
  succeeded: "Paid",
  failed: "Declined",
  canceled: "Cancelled",
};

export const paymentStateLabel = (state: string): string => STATES[state] ?? humanise(state);

/** Label the message type that a decision was made on, such as `payment.succeeded.v1`. */
export const paymentTypeLabel = (type: string): string =>
  paymentStateLabel(type.replace(/^payment\./, "").replace(/\.v\d+$/, ""));
