import { useEffect } from "react";

import { useQuery, useQueryClient } from "@tanstack/react-query";

import { ApiError, change, getTagged, type Tagged } from "../api/client";
import type { Preferences, PreferencesBody } from "../api/types";
import { useAction } from "../api/useAction";
import { switchLanguage } from "../i18n/words";
import { setZone, useIsZoneKnown } from "../i18n/zone";
import { allowLetters } from "../ui/keys/registry";
import { setTheme } from "../ui/theme/theme";

const PATH = "/api/v1/me/preferences";
const KEY = ["preferences"];

export function usePreferences() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => getTagged<Preferences>(PATH, signal),
    staleTime: 5 * 60_000,
  });
}

/**
 * Show the dashboard as the user prefers it, once the preferences are loaded and when they change. Return whether it can
 * be shown: before the first visit's preferences are loaded, it would be rendered twice, in two time zones.
 */
export function useAppliedPreferences(): boolean {
  const { data, failureCount } = usePreferences();
  const isZoneKnown = useIsZoneKnown();

  useEffect(() => {
    if (data !== undefined) apply(data.value);
  }, [data]);
  return isZoneKnown || failureCount > 0;
}

function apply({ language, theme, key_hints, effective }: Preferences): void {
  // Without a choice of the user, the browser's languages decide: they are the reader's, unlike the shop's default.
  if (language !== null) void switchLanguage(language);
  setTheme(theme);
  setZone(effective.timezone);
  allowLetters(key_hints);
}

export const isChangedMeanwhile = (error: Error | null): boolean => error instanceof ApiError && error.status === 412;

interface Options {
  onSuccess?: () => void;
  onError?: (error: Error) => void;
}

/** Change some of the preferences. If another tab or device has changed them, they are read again and nothing is saved. */
export function useChangePreferences({ onSuccess, onError }: Options = {}) {
  const queries = useQueryClient();
  return useAction(
    async (wanted: Partial<PreferencesBody>) => {
      const known = queries.getQueryData<Tagged<Preferences>>(KEY) ?? (await getTagged<Preferences>(PATH));
      const { name, language, timezone, theme, key_hints } = known.value;
      const body: PreferencesBody = { name, language, timezone, theme, key_hints, ...wanted };
      await change("PUT", PATH, { body, ifMatch: known.etag });
      await queries.query({ queryKey: KEY, queryFn: () => getTagged<Preferences>(PATH), staleTime: 0 });
    },
    {
      onSuccess: () => onSuccess?.(),
      onError: (error) => {
        if (isChangedMeanwhile(error)) void queries.invalidateQueries({ queryKey: KEY });
        onError?.(error);
      },
    },
  );
}
