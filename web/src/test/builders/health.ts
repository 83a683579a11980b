import type { HealthSummary } from "../../api/types";
import { destination } from "./destinations";

/** A shop that is well, with one gateway and one destination. */
export function healthSummary(changes: Partial<HealthSummary> = {}): HealthSummary {
  return {
    generated_at: "2026-11-20T12:00:00Z",
    status: "ok",
    gateways: {
      status: "ok",
      detail: null,
      items: [{ gateway: "stripe", status: "ok", last_at: "2026-11-20T11:59:50Z", silent_since: null, rejected: 0 }],
    },
    decisions: { status: "ok", detail: null, p95_ms: 11.8, measured: 214 },
    destinations: { status: "ok", detail: null, items: [destination({ status: "active", since: null, reason: null, code: null })] },
    dead_letters: { status: "ok", detail: null, open: 0 },
    projection: { status: "ok", detail: null, lag_s: 0.4 },
    ...changes,
  };
}
