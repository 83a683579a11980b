import type { OnboardingStep, TrackingCheck } from "../../api/types";

const steps: Record<OnboardingStep, { title: string; lead: string }> = {
  gateway: { title: "Connect a gateway", lead: "It sends a webhook for each sale. Orylo needs to know that it is really the gateway." },
  sale: { title: "See a sale", lead: "Each sale has a page: what arrived, how it was decided and why, and what was sent to Meta." },
  meta: { title: "Send to Meta", lead: "Each sale that is not fraud is sent to your dataset, matched with its click." },
  tracking: { title: "Tracking", lead: "A line in your pages connects a click on an advertisement with the sale that follows." },
  team: { title: "Team", lead: "A second person with a second factor, so that nobody is locked out." },
};

const problems: Record<TrackingCheck["problems"][number]["code"], string> = {
  page_unavailable: "The page could not be opened. Check its address.",
  script_missing: "The page does not load the script. Paste the line into it, or check your tag manager.",
  other_host: "The script is loaded from another address. Use the line above.",
  tenant_missing: "The script does not name your shop. Add data-tenant as in the line above.",
  other_tenant: "The script names another shop. Use the line above.",
  held_by_consent: "The script waits for consent. It reports a visit after orylo.consent(true).",
  script_blocked: "The page's Content-Security-Policy blocks the script. Allow its address in script-src.",
  reports_blocked: "The page's Content-Security-Policy blocks the reports. Allow the script's address in connect-src.",
};

export const words = {
  title: "Welcome",
  lead: (done: number, all: number) => `${done} of ${all} steps are done. Each is ticked by what happened, never by a click.`,
  allDone: "Everything is set up. Your sales are protected and reported.",
  toOverview: "To the overview",
  dismiss: "Don't show this any more",
  restore: "Show the steps again",
  dismissed: "You hid these steps. They stay here.",
  what: { steps: "the first steps", gateways: "the gateways", gateway: "this gateway", stats: "the visits" },
  stepList: "Steps",
  step: { done: "done", skipped: "skipped", open: "open" },
  skip: "Skip this step",
  unskip: "Do this step after all",
  next: "Next",
  samples: {
    title: "Look around first",
    text: "Some sample sales show what the pages will look like. They are marked as tests, count in no sum and reach no destination. You can remove them at any time.",
    open: "To the payments",
  },
  steps,
  gateway: {
    choose: "Which one do you sell with?",
    change: "Another gateway",
    listening: "Listening…",
    waiting: "Send a test from the gateway's panel, or a sample from here. Accepted and refused webhooks appear here at once.",
    secretKept: "To replace its secret, open the gateway.",
    open: "Open the gateway",
    configured: "Set up",
  },
  sale: {
    none: "No sale has arrived yet. A real one, a test purchase, or a sample from the step before appears here. A sample is marked as a test and does not tick this step.",
    toGateway: "Send a sample",
    open: "Open your first sale",
    look: "What to look at on its page:",
    marks: [
      "The webhook, as it arrived, and when.",
      "The decision: allowed, to review or blocked.",
      "The reasons, whose points add up to the risk.",
      "The buyer's trust, which grows with clean sales.",
      "The conversion: sent to Meta, kept back or waiting, and why.",
    ],
  },
  meta: {
    add: "Add your dataset",
    test: "Send a test event",
    waiting: "It is set up. This step is done when the first real sale is reported.",
    open: "Open the destination",
  },
  tracking: {
    paste: "Paste this line into every page, also the checkout's if you can:",
    snippet: "Tracking script",
    noAddress: "Set up a gateway first: the script comes from the same address.",
    check: "Check a page",
    url: "Address of a page",
    found: "The page loads the script, and visits can be reported.",
    visits: (count: string) => `${count} visits in the last 7 days`,
    clicks: (count: string) => `${count} of them from an advertisement`,
    none: "No visit was reported yet.",
    seen: "Last visit",
    problems,
  },
  team: {
    second: "Switch on a second factor for your own account.",
    toAccount: "Second factor",
    add: "Further people are added by the person who operates Orylo, with this command:",
    command: "Command",
  },
};
