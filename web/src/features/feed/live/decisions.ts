import type { Decision, Detection } from "../../../api/types";
import { replaces } from "../../../subjects/detections/newest";

export interface Filters {
  decision: Decision | undefined;
  gateway: string | undefined;
}

/** Return the newest decision on each payment, by payment id. */
export function newestByPayment(detections: readonly Detection[]): Map<string, Detection> {
  const newest = new Map<string, Detection>();
  for (const detection of detections) {
    if (replaces(detection, newest.get(detection.payment_id))) newest.set(detection.payment_id, detection);
  }
  return newest;
}

/** Compare by time of decision, for sorting with the newest first. */
export function newestFirst(first: Detection, second: Detection): number {
  // All times are UTC in one notation, so comparing them as text orders them to the microsecond.
  const key = ({ created_at, id }: Detection) => created_at + id;
  return key(first) < key(second) ? 1 : -1;
}

export function matches(detection: Detection, { decision, gateway }: Filters): boolean {
  return (
    (decision === undefined || detection.decision === decision) &&
    (gateway === undefined || detection.gateway === gateway)
  );
}
