import { useCallback, useEffect, useRef } from "react";

/** Return a function that stays the same and calls the latest `act`: rows are not rendered again for it. */
export function useLatest<Arguments extends unknown[]>(act: (...args: Arguments) => void): (...args: Arguments) => void {
  const latest = useRef(act);

  useEffect(() => {
    latest.current = act;
  });
  return useCallback((...args: Arguments) => {
    latest.current(...args);
  }, []);
}
