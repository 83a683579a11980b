import { type RefObject, useEffect, useEffectEvent } from "react";

/** Call `onChange` when the reader scrolls away from the top of the list or back to it. */
export function useAtTop(top: RefObject<HTMLElement | null>, onChange: (atTop: boolean) => void): void {
  const notify = useEffectEvent(onChange);

  useEffect(() => {
    if (top.current === null) return;
    const observer = new IntersectionObserver((entries) => {
      const latest = entries.at(-1);
      // On a phone the list may begin below the screen, under the overview. That counts as at the top.
      if (latest) notify(latest.isIntersecting || latest.boundingClientRect.top > 0);
    });
    observer.observe(top.current);
    return () => {
      observer.disconnect();
    };
  }, [top]);
}
