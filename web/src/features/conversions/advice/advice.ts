/** A gateway's conversions that are not kept back, and those of them without a match. */
export interface GatewayMatches {
  gateway: string;
  count: number;
  none: number;
}

export interface Advice extends GatewayMatches {
  /** By how much the match rate would rise if each of them were matched, from 0 to 1. */
  gain: number;
}

/** Fewer conversions say nothing. */
const ENOUGH = 20;
const WORTH_IT = 0.01;
const SHOWN = 3;

/** The gateways whose sales lower the match rate the most. */
export function adviceOf(gateways: readonly GatewayMatches[]): Advice[] {
  const all = gateways.reduce((sum, { count }) => sum + count, 0);
  return gateways
    .filter(({ count }) => count >= ENOUGH)
    .map((each) => ({ ...each, gain: each.none / all }))
    .filter(({ gain }) => gain >= WORTH_IT)
    .toSorted((one, other) => other.gain - one.gain)
    .slice(0, SHOWN);
}
