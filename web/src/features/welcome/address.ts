import type { OnboardingStep } from "../../api/types";
import { isGateway } from "../../subjects/gateways/names";
import type { Query } from "../../ui/address/useAddress";

export const STEPS = ["gateway", "sale", "meta", "tracking", "team"] as const satisfies OnboardingStep[];

export interface WelcomeAddress {
  /** The chosen step; the first open one, unless given. */
  step: OnboardingStep | undefined;
  gateway: string | undefined;
}

/** Read the query of an address. Unknown values count as absent. */
export function parseAddress(search: URLSearchParams): WelcomeAddress {
  const gateway = search.get("gateway");
  return {
    step: STEPS.find((step) => step === search.get("step")),
    gateway: gateway !== null && isGateway(gateway) ? gateway : undefined,
  };
}

export const writeAddress = ({ step, gateway }: WelcomeAddress): Query => ({ step, gateway });
