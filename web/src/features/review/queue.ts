import type { ReviewCase, ReviewCaseChange } from "../../api/types";

/** Return the case to show: the chosen one while it is in the queue, else the first. */
export function shownCase(cases: readonly ReviewCase[], chosen: string | undefined): ReviewCase | undefined {
  return cases.find(({ payment_id }) => payment_id === chosen) ?? cases[0];
}

/** Return the id of the case at a distance from another one, which stays at the ends of the queue. */
export function caseBeside(cases: readonly ReviewCase[], id: string | undefined, step: 1 | -1): string | undefined {
  const at = cases.findIndex(({ payment_id }) => payment_id === id);
  return cases[Math.min(Math.max(at + step, 0), cases.length - 1)]?.payment_id;
}

/** Return the id of the case that follows when a case leaves the queue: the next, else the one before. */
export function caseAfter(cases: readonly ReviewCase[], id: string): string | undefined {
  const at = cases.findIndex(({ payment_id }) => payment_id === id);
  return (cases[at + 1] ?? cases[at - 1])?.payment_id;
}

/** Apply to a queue what another person did with a case, as the stream reports it. */
export function applyChange(cases: readonly ReviewCase[], { payment_id, holder, assigned_to }: ReviewCaseChange): ReviewCase[] {
  return cases.map((each) => (each.payment_id === payment_id ? { ...each, holder, assigned_to } : each));
}
