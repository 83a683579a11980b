import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, getTagged, type Tagged } from "../../api/client";
import type { Onboarding, OnboardingStep } from "../../api/types";
import { useAction } from "../../api/useAction";
import { useLiveEvents } from "../../stream/useStream";

const KEY = ["onboarding"];
const PATH = "/api/v1/onboarding";
const POLL_INTERVAL_MS = 15_000;
const UPDATE_INTERVAL_MS = 1_000;

/** The events that may tick a step. The stream has none for the others, which are polled. */
const TICKED_BY: Partial<Record<OnboardingStep, readonly string[]>> = {
  gateway: ["detection.created", "events.skipped"],
  sale: ["detection.created", "events.skipped"],
  meta: ["conversion.dispatched", "events.skipped"],
};

/** The first steps of the shop, ticked by facts. They are read anew while some are open. */
export function useOnboarding() {
  const reread = useRereadOnboarding();
  const onboarding = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => getTagged<Onboarding>(PATH, signal),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && data.value.done < data.value.steps.length && !data.value.dismissed && POLL_INTERVAL_MS,
  });

  useLiveEvents((events) => {
    const open = onboarding.data?.value.steps.filter(({ done }) => !done) ?? [];
    if (events.some(({ type }) => open.some(({ step }) => TICKED_BY[step]?.includes(type)))) reread();
  }, UPDATE_INTERVAL_MS);
  return onboarding;
}

/** Read the facts anew, after something that may have ticked a step. */
export function useRereadOnboarding() {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: KEY });
}

interface Choices {
  dismissed: boolean;
  skipped: OnboardingStep[];
}

/** Return the choices that are stored with the steps. */
export const choicesOf = ({ value: { dismissed, steps } }: Tagged<Onboarding>): Choices => ({
  dismissed,
  skipped: steps.filter(({ skipped }) => skipped).map(({ step }) => step),
});

/** Save which steps the user leaves out, or that the user no longer wants to see them. */
export function useChoose() {
  const reread = useRereadOnboarding();
  return useAction(
    ({ choices, etag }: { choices: Choices; etag: string }) => change<Onboarding>("PUT", PATH, { body: choices, ifMatch: etag }),
    { onSuccess: reread, onError: reread },
  );
}
