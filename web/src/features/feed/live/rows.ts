import type { Conversion, CustomerSummary, Detection } from "../../../api/types";
import { latest, type LiveState, newestFirst } from "./liveState";

/** What the API returned. */
export interface Fetched {
  detections: readonly Detection[];
  conversions: readonly Conversion[];
  customers: readonly CustomerSummary[];
}

/** Flat: React re-renders a row only when one of these values has changed. */
export interface Row {
  detection: Detection;
  trustScore: number | undefined;
  /** The latest change of the score; 0 if the stream has not reported one. */
  trustChange: number;
  /** The most urgent conversion of this payment event. */
  conversion: Conversion | undefined;
  isNew: boolean;
}

/** Join what the API returned with what the stream reported into the rows to show. */
export function buildRows(fetched: Fetched, live: LiveState): Row[] {
  const heldIds = new Set(live.held.map(({ id }) => id));
  const detections = new Map<string, Detection>();
  for (const detection of [...live.arrived, ...fetched.detections]) {
    if (!heldIds.has(detection.id)) detections.set(detection.id, detection);
  }
  const conversions = mostUrgentByEvent(fetched.conversions, live.conversions);
  const scores = new Map(fetched.customers.map(({ id, trust_score }) => [id, trust_score]));
  return newestFirst([...detections.values()]).map((detection) => ({
    detection,
    ...trustOf(detection.customer_id ?? "", scores, live.trust),
    conversion: conversions.get(detection.event_id),
    isNew: live.highlighted.has(detection.id),
  }));
}

/** Customers whose trust the stream has not reported. They may have a score from before the page was opened. */
export function customersWithoutTrust(detections: readonly Detection[], live: LiveState): string[] {
  const ids = [...live.arrived, ...detections].map(({ customer_id }) => customer_id);
  return [...new Set(ids)].filter((id) => id !== null).filter((id) => !live.trust.has(id));
}

const URGENCY: Record<Conversion["status"], number> = { failed: 3, pending: 2, dispatched: 1, suppressed: 0 };

function mostUrgentByEvent(
  fetched: readonly Conversion[],
  reported: LiveState["conversions"],
): Map<string, Conversion> {
  const byId = new Map(reported);
  for (const conversion of fetched) byId.set(conversion.id, latest(byId.get(conversion.id), conversion));
  const byEvent = new Map<string, Conversion>();
  for (const conversion of byId.values()) {
    const other = byEvent.get(conversion.event_id);
    if (other === undefined || URGENCY[other.status] < URGENCY[conversion.status]) {
      byEvent.set(conversion.event_id, conversion);
    }
  }
  return byEvent;
}

function trustOf(customer: string, fetched: ReadonlyMap<string, number>, reported: LiveState["trust"]) {
  const change = reported.get(customer);
  if (change === undefined) return { trustScore: fetched.get(customer), trustChange: 0 };
  return { trustScore: change.trust_score, trustChange: change.trust_score - change.score_before };
}
