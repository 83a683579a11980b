import type { Listed } from "../pages";

const IN_BAR: ReadonlySet<Listed["id"]> = new Set<Listed["id"]>(["overview", "payments", "review", "problems"]);

/** Return whether a page is in the bar of a phone; the others are behind "More". */
export const isInBar = ({ id }: Listed): boolean => IN_BAR.has(id);
