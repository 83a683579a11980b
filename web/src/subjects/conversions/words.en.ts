import type { Words } from "./words";

const since = (time: string | null) => (time === null ? "" : ` since ${time}`);

export const words: Words = {
  states: {
    pending: (destination) => `Queued for ${destination}`,
    dispatched: (destination) => `Sent to ${destination}`,
    failed: (destination) => `Not accepted by ${destination}`,
    suppressed: (destination) => `Kept from ${destination}`,
  },
  correction: (why) => `should not have been sent: ${why}`,
  corrections: { blocked: "payment is blocked now" },
  suppressed: {
    blocked: "The payment is blocked.",
    test: "It is a test event of the gateway’s panel.",
    no_consent: "The buyer gave no consent.",
    erased: "The buyer’s data was erased.",
  },
  waits: {
    destination_on_hold: (time) => `Waits for you to correct the destination, which is on hold${since(time)}.`,
    destination_throttled: (time) => `Waits for the destination, which limits the rate of calls${since(time)}.`,
    destination_unavailable: (time) => `Waits for the destination, which is unavailable${since(time)}.`,
    destination_disabled: (time) => `Waits for the destination to be enabled${since(time)}.`,
  },
  methods: {
    click_id: "click ID",
    fbc: "Meta click cookie",
    fbp: "Meta browser cookie",
    email: "email",
    phone: "phone",
    ip_user_agent: "IP address and browser",
  },
  sendAnyway: {
    open: "Send to Meta anyway…",
    title: "Send the conversion of a blocked payment?",
    text: "Orylo reports the sale as a good one. The decision and the buyer’s trust stay as they are: a verdict changes those.",
    limit: "Meta takes a sale for 7 days only, and a conversion that was sent cannot be taken back.",
    reason: "Why (kept in the audit log; no personal data)",
    action: "Send anyway",
    done: "The conversion is being sent.",
  },
  goal: (rate) => `goal ${rate}`,
  noMatch: "no matching click",
  triedBefore: (methods) => `tried without a click: ${methods}`,
  matchedBy: (method, confidence) => `matched by ${method} (${confidence})`,
  none: "Nothing sent",
};
