import type { Conversion, CustomerSummary, Detection, ListedDestination } from "../../../api/types";
import { latest, type LiveState, newestFirst } from "./liveState";

/** What the API returned. */
export interface Fetched {
  detections: readonly Detection[];
  conversions: readonly Conversion[];
  customers: readonly CustomerSummary[];
  destinations: readonly ListedDestination[];
}

/** Flat: React re-renders a row only when one of these values has changed. */
export interface Row {
  detection: Detection;
  trustScore: number | undefined;
  /** The latest change of the score; 0 if the stream has not reported one. */
  trustChange: number;
  /** The most urgent conversion of this payment event. */
  conversion: Conversion | undefined;
  /** Where the conversion is sent. */
  destination: ListedDestination | undefined;
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
  const customers = new Map(fetched.customers.map((customer) => [customer.id, customer]));
  const destinations = new Map(fetched.destinations.map((destination) => [destination.id, destination]));
  return newestFirst([...detections.values()]).map((detection) => {
    const conversion = conversions.get(detection.event_id);
    return {
      detection,
      ...trustOf(detection.customer_id ?? "", customers, live.trust),
      conversion,
      destination: conversion && destinations.get(conversion.destination_id),
      isNew: live.highlighted.has(detection.id),
    };
  });
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

function trustOf(id: string, fetched: ReadonlyMap<string, CustomerSummary>, reported: LiveState["trust"]) {
  const customer = fetched.get(id);
  const known = reported.get(id);
  // While the stream is not live, fetched scores are newer.
  if (known === undefined || (customer !== undefined && customer.updated_at > known.at)) {
    return { trustScore: customer?.trust_score, trustChange: 0 };
  }
  return { trustScore: known.score, trustChange: known.change };
}
