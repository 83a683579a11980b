const IDEMPOTENCY_KEY = "Idempotency-Key";
/** A request with one of these methods has the same effect when it is sent twice. */
const REPEATABLE = new Set(["GET", "HEAD", "PUT", "DELETE"]);
/** A server that is busy, and one that is starting or has lost its database. */
const PASSING = new Set([429, 503]);
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

export interface RetryOptions {
  /** How often a request is sent at most; by default 4. */
  attempts?: number;
  /** Until the response of an attempt begins; by default 15,000. Its body may take longer. */
  timeoutMs?: number;
}

type Fetch = (request: Request) => Promise<Response>;

/** Give each POST an `Idempotency-Key`, and repeat requests that a repetition may help and cannot harm. */
export function retrying(fetch: Fetch, { attempts = 4, timeoutMs = 15_000 }: RetryOptions): Fetch {
  return async (request) => {
    if (request.method === "POST" && !request.headers.has(IDEMPOTENCY_KEY)) {
      request.headers.set(IDEMPOTENCY_KEY, crypto.randomUUID());
    }
    const hasOneEffect = REPEATABLE.has(request.method) || request.headers.has(IDEMPOTENCY_KEY);
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= attempts || !hasOneEffect;
      try {
        const response = await begun(fetch, request.clone(), timeoutMs);
        if (isLast || !PASSING.has(response.status)) return response;
        await response.body?.cancel();
        await wait(attempt, response.headers.get("Retry-After"));
      } catch (error) {
        // The caller's own abort is not repeated.
        if (isLast || request.signal.aborted) throw error;
        await wait(attempt, null);
      }
    }
  };
}

/** Return the response once its headers are there, or fail with a `TimeoutError`. */
async function begun(fetch: Fetch, request: Request, timeoutMs: number): Promise<Response> {
  const limit = new AbortController();
  const late = new DOMException("The response did not begin in time", "TimeoutError");
  const timer = setTimeout(() => limit.abort(late), timeoutMs);
  try {
    return await fetch(new Request(request, { signal: AbortSignal.any([request.signal, limit.signal]) }));
  } finally {
    clearTimeout(timer);
  }
}

/** Wait as long as the server asks, or else for a random part of a limit that doubles. */
async function wait(attempt: number, asked: string | null): Promise<void> {
  const backoff = Math.random() * FIRST_WAIT_MS * 2 ** attempt;
  const wanted = asked !== null && /^\d+$/.test(asked) ? Number(asked) * 1000 : backoff;
  await new Promise((resolve) => setTimeout(resolve, Math.min(wanted, LONGEST_WAIT_MS)));
}
