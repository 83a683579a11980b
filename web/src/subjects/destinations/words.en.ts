import type { DestinationAnswer, ListedDestination } from "../../api/types";
import { plural } from "../../i18n/plural";

const states: Record<ListedDestination["status"], string> = {
  active: "Sending",
  on_hold: "On hold",
  throttled: "Throttled",
  unavailable: "Unavailable",
  disabled: "Disabled",
};

const outcomes: Record<DestinationAnswer["outcome"], string> = {
  dispatched: "Accepted",
  refused: "Refused",
  token: "The token was refused",
  configuration: "The configuration was refused",
  transient: "Not available at present. Try again later.",
  throttled: "Too many calls. Try again later.",
  unknown: "No answer in time. Try again later.",
};

/** Why a destination is not sent to: `since` and `why` begin with a space or are empty; `what` waits. */
type Notice = (who: string, since: string, why: string, what: string) => string;

const notice: Record<ListedDestination["status"], Notice> = {
  on_hold: (who, since, why, what) => `${who} is on hold${since}.${why} Its ${what} wait until you correct it.`,
  throttled: (who, since, why, what) => `${who} limits the rate of calls${since}.${why} Its ${what} wait; there is nothing to do.`,
  unavailable: (who, since, why, what) =>
    `${who} is unavailable${since}.${why} Its ${what} are tried again every few seconds; there is nothing to do.`,
  disabled: (...[who, , , what]) => `${who} is disabled. Its ${what} wait until it is enabled again.`,
  active: (who) => `${who} is active.`,
};

export const words = {
  label: "Destinations",
  states,
  outcomes,
  notice,
  since: (time: string) => ` since ${time}`,
  conversions: "conversions",
  actions: "actions on blocked payments",
  others: (count: number) => `${count} ${plural(count, "other destination is", "other destinations are")} not sent to either.`,
  correct: "Correct it",
  form: {
    dataset: "Dataset id (pixel)",
    datasetHint: "From Meta's Events Manager, under Data sources. Digits only.",
    token: "Access token",
    newToken: "New access token",
    tokenHint: "From Events Manager → Settings → Conversions API → Generate access token. It is stored encrypted and never shown again.",
    keepToken: "Leave it empty to keep the stored one.",
    testCode: "Test event code (optional)",
    testCodeHint: "Only for trying out: while it is set, Meta shows every sale under “Test events” and counts it, too.",
    site: "Your shop's address (optional)",
    siteHint: "Sent for sales whose page is unknown, such as https://shop.example.com",
    name: "Name",
    add: "Add Meta",
    save: "Save",
  },
  test: {
    title: "Test event",
    send: "Send a test event",
    code: "Test event code",
    codeHint: "From Events Manager → Test events, such as TEST12345.",
    warning: "Meta counts test events, too. This one is 0.01 USD by test@example.com.",
    answer: "Meta's answer",
    accepted: "Meta accepted it. It appears under “Test events” within a minute.",
    trace: "fbtrace_id",
    event: "event_id",
    took: (milliseconds: string) => `answered in ${milliseconds} ms`,
  },
};
