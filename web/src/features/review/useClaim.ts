import { useEffect } from "react";

import { post } from "../../api/client";

/** A claim lasts 5 minutes. */
const RENEW_MS = 4 * 60_000;

const path = (id: string, action: "claim" | "release") => `/api/v1/review/${encodeURIComponent(id)}/${action}`;

/** Hold the case that is shown, so that two people do not decide one. It is released when another one is shown. */
export function useClaim(paymentId: string | undefined, mayDecide: boolean): void {
  useEffect(() => {
    if (paymentId === undefined || !mayDecide) return;
    // Who holds it instead is shown by the queue. A case that was decided meanwhile leaves it.
    const claim = () => {
      post(path(paymentId, "claim")).catch(() => undefined);
    };
    claim();
    const timer = setInterval(claim, RENEW_MS);
    return () => {
      clearInterval(timer);
      post(path(paymentId, "release")).catch(() => undefined);
    };
  }, [paymentId, mayDecide]);
}
