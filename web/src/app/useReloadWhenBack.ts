import { useEffect, useState } from "react";

import { reload } from "./reload";

const CHECK_EVERY_MS = 5_000;
/** A server that has not responded by then does not respond. */
const TIMEOUT_MS = 5_000;

/**
 * Reload the dashboard as soon as the server responds again, if it does not respond now. Returns whether it does not.
 *
 * Loading the failed part alone again would not do: the browser does not request a style sheet again that failed before.
 */
export function useReloadWhenBack(): boolean {
  const [isDown, setIsDown] = useState(false);

  useEffect(() => {
    let wasDown = false;
    let ended = false;
    const check = async () => {
      const responds = await serverResponds();
      if (ended) return;
      if (!responds) {
        wasDown = true;
        setIsDown(true);
        return;
      }
      // If the server was never down, another load would fail like the first.
      end();
      if (wasDown) reload();
    };
    const checkNow = () => void check();
    const timer = setInterval(checkNow, CHECK_EVERY_MS);
    window.addEventListener("online", checkNow);
    const end = () => {
      ended = true;
      clearInterval(timer);
      window.removeEventListener("online", checkNow);
    };
    checkNow();
    return end;
  }, []);

  return isDown;
}

/** Request what a reload would request. A proxy responds with a 5xx while the server is down. */
async function serverResponds(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { status } = await fetch(window.location.href, { method: "HEAD", cache: "no-store", signal });
    return status < 500;
  } catch {
    return false;
  }
}
