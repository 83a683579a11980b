import type { Conversion } from "../../api/types";

const WORST_FIRST: Conversion["status"][] = ["failed", "pending", "suppressed", "dispatched"];

/** The conversion that says most about a payment's: the one in the worst state. Lists of the API choose the same. */
export function worstConversion(conversions: readonly Conversion[]): Conversion | undefined {
  const rank = ({ status }: Conversion) => WORST_FIRST.indexOf(status);
  return conversions.toSorted((first, second) => rank(first) - rank(second))[0];
}
