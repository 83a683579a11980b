import type { GatewayConfiguration, GatewayHealth, ListedGateway, ReceivedWebhook, ShownSecret } from "../../api/types";

const AT = "2026-11-20T11:55:00.000000Z";
export const NO_WEBHOOKS = { accepted: 0, already_reported: 0, ignored: 0, quarantined: 0, duplicate: 0, conflict: 0, rejected: 0 };

export const gatewayHealth = (changes: Partial<GatewayHealth> = {}): GatewayHealth => ({
  last_at: AT,
  rejected_at: null,
  counts: { ...NO_WEBHOOKS, accepted: 1204 },
  usual_gap_s: 240,
  silent_since: null,
  ...changes,
});

export const secret = (changes: Partial<ShownSecret> = {}): ShownSecret => ({
  label: "2026-10",
  created_at: AT,
  last_used_at: AT,
  needed: true,
  ...changes,
});

export const gatewayConfiguration = (changes: Partial<GatewayConfiguration> = {}): GatewayConfiguration => ({
  name: "hotmart",
  configured: true,
  enabled: true,
  mode: "native",
  accept: ["live", "test"],
  allowed_networks: [],
  timezone: null,
  path: "/api/v1/webhooks/hotmart/minha-loja",
  url: "https://in.orylo.example/api/v1/webhooks/hotmart/minha-loja",
  reachable: true,
  ...changes,
});

export const listedGateway = (changes: Partial<ListedGateway> = {}): ListedGateway => ({
  ...gatewayConfiguration(),
  secrets: [secret()],
  health: gatewayHealth(),
  ...changes,
});

export const receivedWebhook = (changes: Partial<ReceivedWebhook> = {}): ReceivedWebhook => ({
  id: "0190c5a2-0000-7000-8000-0000000000c1",
  state: "accepted",
  gateway: "hotmart",
  type: "PURCHASE_APPROVED",
  gateway_event_id: "e1",
  payment_id: "hotmart:HP1",
  message_type: "payment.succeeded.v1",
  status: 202,
  code: null,
  reason: null,
  deliveries: 1,
  remote: null,
  occurred_at: AT,
  created_at: AT,
  last_received_at: AT,
  ...changes,
});
