import type { WebhookRefusal } from "../../api/types";
import { formatCount } from "../../ui/format/number";

interface Refusal {
  cause: string;
  fix: string;
}

interface Guide {
  /** Where to click in the gateway's panel. */
  open: string;
  link: string;
  /** What the gateway calls the secret. */
  secret: string;
  whereSecret: string;
  /** Which events to choose. */
  events: string;
  /** What its webhooks bring. */
  sends: string;
  /** How the gateway's own test is sent. */
  test: string;
  /** What the gateway does if its webhooks are refused. */
  retries: string;
}

const refusals: Record<WebhookRefusal["code"], Refusal> = {
  not_found: {
    cause: "The URL accepts no webhooks",
    fix: "Copy the URL again and check that the gateway is set up and switched on.",
  },
  token_missing: {
    cause: "The gateway's token is missing",
    fix: "The sender is not the gateway, or its webhook has an older version. Create the webhook as described in the guide.",
  },
  token_mismatch: {
    cause: "Wrong token",
    fix: "The secret stored here belongs to another account or webhook. Copy it again from the gateway and add it.",
  },
  signature_missing: {
    cause: "The signature is missing",
    fix: "Set a secret on the webhook in the gateway's panel, and the same one here. A sender without a signature is not the gateway.",
  },
  signature_malformed: {
    cause: "The signature is not readable",
    fix: "Use the URL exactly as it is shown here. A proxy must not change the request's headers or its address.",
  },
  signature_mismatch: {
    cause: "Wrong signature",
    fix: "The secret stored here belongs to another webhook, or to test instead of live mode. Copy it again from the gateway and add it. A proxy must not rewrite the body.",
  },
  timestamp_too_old: {
    cause: "The signature is older than 5 minutes",
    fix: "Someone sent a recorded webhook again, or the clock of Orylo's server is wrong. Send it again from the gateway's panel, which signs it anew.",
  },
  timestamp_too_new: {
    cause: "The signature is dated ahead",
    fix: "The clock of Orylo's server is behind. Ask who operates it to correct the clock.",
  },
  address_not_allowed: {
    cause: "The sender's network is not allowed",
    fix: "Check the allowed networks of the gateway. Leave the list empty to accept any address.",
  },
  unreadable: {
    cause: "The body is not readable",
    fix: "The gateway sends JSON. Choose the current version of its webhook, without your own format.",
  },
  too_large: { cause: "The body is too large", fix: "The sender is not the gateway, or it bundles many events. Send one event per webhook." },
  unsupported_encoding: { cause: "The body's encoding is not supported", fix: "A proxy compresses the body. Switch that off for this URL." },
  too_slow: { cause: "The body did not arrive in time", fix: "The sender's connection was cut. The gateway sends it again." },
  too_many_webhooks: {
    cause: "More webhooks than the limit allows",
    fix: "The gateway sends them again later. If that is your usual traffic, ask for a higher limit.",
  },
  too_many_refused: {
    cause: "Too many refused webhooks from one address",
    fix: "Correct the cause that this address was refused for before. It may try again within minutes.",
  },
  webhooks_stopped: {
    cause: "Webhooks are paused",
    fix: "Someone paused this gateway. Resume it, and the gateway sends them again.",
  },
  secret_unreadable: {
    cause: "The stored secret cannot be decrypted",
    fix: "The master key of the server was changed. Ask who operates it, or add the secret again.",
  },
  not_durable: { cause: "The webhook could not be stored", fix: "Orylo's database was unavailable. The gateway sends it again." },
  method_not_allowed: { cause: "Wrong method", fix: "Gateways send POST. Someone opened the URL in a browser, which changes nothing." },
};

const guides: Record<string, Guide> = {
  stripe: {
    open: "Open Developers → Webhooks → Add endpoint",
    link: "https://dashboard.stripe.com/webhooks",
    secret: "Signing secret (whsec_…)",
    whereSecret: "Stripe shows it on the endpoint's page once the endpoint is created, under “Signing secret”. It is not an API key.",
    events:
      "With Checkout or payment links choose checkout.session.*, otherwise charge.*. Add charge.refunded, charge.dispute.* and radar.early_fraud_warning.created.",
    sends: "Payments, refunds, disputes and early fraud warnings, signed. Test and live mode have a secret each.",
    test: "Events of Stripe's test mode are accepted, too, and count nowhere. The test mode has a secret of its own.",
    retries: "Stripe repeats refused webhooks for up to 3 days.",
  },
  hotmart: {
    open: "Open Tools → Webhook and create a configuration of version 2.0.0",
    link: "https://app.hotmart.com/tools/webhook",
    secret: "Hottok",
    whereSecret: "Hotmart shows it on its Webhook page. One hottok serves the whole account, and only Hotmart's support changes it.",
    events: "Choose all purchase events, also refunds, protests and chargebacks.",
    sends: "Purchases, printed boletos and Pix codes, refunds and chargebacks, with the hottok in a header.",
    test: "Hotmart's page has a test button, too. Its tests are accepted and count nowhere.",
    retries: "Hotmart repeats refused webhooks, and keeps 60 days of them in its panel. It may switch a URL off that fails repeatedly.",
  },
  kiwify: {
    open: "Open Apps → Webhooks and create a webhook",
    link: "https://dashboard.kiwify.com.br",
    secret: "Token",
    whereSecret: "Kiwify shows the token in the webhook's form. It signs every webhook with it.",
    events: "Choose all events, also refunds and chargebacks.",
    sends: "Orders with card, IP address and UTM parameters, signed.",
    test: "Kiwify's page has a test button, too. Its tests are accepted and count nowhere.",
    retries: "Kiwify repeats refused webhooks. Check its log afterwards and send again what failed.",
  },
  perfectpay: {
    open: "Open Tools → Webhook and add one",
    link: "https://app.perfectpay.com.br",
    secret: "Public token",
    whereSecret: "PerfectPay shows the webhook's public token on the same page.",
    events: "Choose all states of a sale, without a delay.",
    sends: "Sales with IP address, browser and UTM parameters, with the token in the body.",
    test: "A test purchase in PerfectPay is accepted, too, and counts nowhere.",
    retries: "PerfectPay does not say whether it repeats. Check its panel afterwards and send again what failed.",
  },
};

const states: Record<string, string> = {
  accepted: "Accepted",
  already_reported: "Reported before",
  ignored: "Ignored",
  quarantined: "Quarantined",
  conflict: "Conflict",
  refused: "Refused",
};

export const words = {
  select: { label: "Gateway", none: "All gateways" },
  refusals,
  guides,
  states,
  refusalFallback: "Refused",
  webhooks: {
    what: "the webhooks",
    label: "Last webhooks",
    none: "No webhook has arrived yet.",
    times: (count: number) => `${formatCount(count)} ×`,
    from: (address: string) => `from ${address}`,
    payment: "Payment",
  },
  sample: {
    send: "Send a sample",
    sent: "The sample was accepted. It is marked as a test and counts nowhere.",
    refused: (why: string) => `The sample was refused: ${why}`,
    see: "See it",
  },
  url: {
    name: "URL for the gateway",
    unknown: (path: string) => `Ask who operates Orylo for its address, and append ${path}`,
    local: "This address is on your own machine or network. The gateway cannot reach it.",
    localFix: "To try it out, send a sample. For real webhooks use a tunnel (such as cloudflared) and set ORYLO_WEBHOOK_BASE_URL to its address, or run “stripe listen --forward-to” with the URL below.",
  },
  secret: {
    label: "Name",
    labelHint: "such as the month",
    save: "Save",
    hint: "It is stored encrypted and never shown again.",
  },
  setUp: {
    open: "Open the panel",
    paste: "Paste this URL",
    events: "Choose the events",
    secret: (name: string) => `Copy its ${name} here`,
    done: "The gateway is set up.",
    sends: "What it sends",
  },
};
