import { type RefObject, useEffect, useEffectEvent } from "react";

/** Tells when the reader leaves the beginning of the list, and when they come back to it. */
export function useTopSeen(top: RefObject<HTMLElement | null>, onChange: (seen: boolean) => void): void {
  const changed = useEffectEvent(onChange);

  useEffect(() => {
    if (top.current === null) return;
    const observer = new IntersectionObserver((entries) => {
      const latest = entries.at(-1);
      // Below the screen is not scrolled away: on a phone the overview stands above the list.
      if (latest) changed(latest.isIntersecting || latest.boundingClientRect.top > 0);
    });
    observer.observe(top.current);
    return () => {
      observer.disconnect();
    };
  }, [top]);
}
