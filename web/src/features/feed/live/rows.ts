import type { Conversion, CustomerSummary, Detection, ListedDestination } from "../../../api/types";
import type { Filters } from "./decisions";
import { listedDecisions } from "./listing";
import { latest, type LiveState } from "./liveState";

/** What the API returned. */
export interface Fetched {
  detections: readonly Detection[];
  conversions: readonly Conversion[];
  customers: readonly CustomerSummary[];
  destinations: readonly ListedDestination[];
}

/** Flat: React re-renders a row only when one of these values has changed. */
export interface Row {
  /** The payment's current decision. */
  detection: Detection;
  /** The id of the decision that determines the row's place. */
  placedBy: string;
  trustScore: number | undefined;
  /** The latest change of the score; 0 if the stream has not reported one. */
  trustChange: number;
  /** The most urgent conversion of the payment. */
  conversion: Conversion | undefined;
  /** Where the conversion is sent. */
  destination: ListedDestination | undefined;
  isNew: boolean;
}

/** Join what the API returned with what the stream reported into the rows to show, one for each payment. */
export function buildRows(fetched: Fetched, live: LiveState, filters: Filters): Row[] {
  const conversions = mostUrgentByPayment(fetched.conversions, live);
  const customers = new Map(fetched.customers.map((customer) => [customer.id, customer]));
  const destinations = new Map(fetched.destinations.map((destination) => [destination.id, destination]));
  return listedDecisions(live.listing, fetched.detections, filters).map(({ detection, place }) => {
    const conversion = conversions.get(detection.payment_id);
    return {
      detection,
      placedBy: place.id,
      ...trustOf(detection.customer_id ?? "", customers, live.trust),
      conversion,
      destination: conversion && destinations.get(conversion.destination_id),
      isNew: live.listing.highlighted.has(detection.id),
    };
  });
}

const URGENCY: Record<Conversion["status"], number> = { failed: 3, pending: 2, dispatched: 1, suppressed: 0 };

/** A conversion that should not have been sent comes first. */
const urgency = ({ correction, status }: Conversion) => (correction === null ? URGENCY[status] : 4);

function mostUrgentByPayment(
  fetched: readonly Conversion[],
  { conversions, corrected }: LiveState,
): Map<string, Conversion> {
  // A change of the correction may overtake the report that the conversion was sent.
  const byId = new Map([...corrected, ...conversions]);
  for (const conversion of fetched) {
    const known = latest(conversions.get(conversion.id), conversion);
    byId.set(conversion.id, withCorrection(known, conversion.correction));
  }
  const byPayment = new Map<string, Conversion>();
  for (const [id, known] of byId) {
    const conversion = withCorrection(known, (corrected.get(id) ?? known).correction);
    const other = byPayment.get(conversion.payment_id);
    if (other === undefined || urgency(other) < urgency(conversion)) byPayment.set(conversion.payment_id, conversion);
  }
  return byPayment;
}

/** The same object if it has this correction already: React re-renders only rows whose values changed. */
function withCorrection(conversion: Conversion, correction: string | null): Conversion {
  return conversion.correction === correction ? conversion : { ...conversion, correction };
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
