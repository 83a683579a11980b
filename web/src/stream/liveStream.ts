import type { ApiError } from "../api/client";
import { EVENT_TYPES, EventStream, SILENCE_MS, type StreamRefusal } from "./eventStream";
import { openSource } from "./openSource";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

interface Options {
  url: string;
  /** Runs before each retry and refreshes an expired session. Rejects if a retry would be pointless. */
  beforeRetry: () => Promise<unknown>;
  random?: () => number;
}

/**
 * A connection of its own to the API's stream. It resumes after the last event it received.
 *
 * An event source reconnects without backoff and stops for good at the first error response. So each one
 * is closed at its first error, and a new one is opened with the id of the last event.
 */
export class LiveStream extends EventStream {
  #options: Options;
  #source: ReturnType<typeof openSource> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  /** Incremented by each retry and by stop. A check that began under another number is stale. */
  #attempt = 0;
  #failures = 0;
  #lastEventId = "";

  constructor(options: Options) {
    super();
    this.#options = options;
  }

  start(): () => void {
    const retryNow = () => {
      // A server that refuses has said when to come back.
      const { state, reason } = this.status();
      if (state === "waiting" && reason === null) this.#retry();
    };
    this.#connect();
    globalThis.addEventListener("online", retryNow);
    return () => {
      globalThis.removeEventListener("online", retryNow);
      clearTimeout(this.#timer);
      clearTimeout(this.#silence);
      this.#attempt += 1;
      this.#source?.close();
      this.#source = null;
    };
  }

  #connect(): void {
    const address = new URL(this.#options.url, globalThis.location.origin);
    if (this.#lastEventId !== "") address.searchParams.set("last_event_id", this.#lastEventId);
    let refusal: ApiError | null = null;
    const source = openSource(address.href, (error) => {
      refusal = error;
    });
    this.#source = source;
    const fail = () => {
      source.close();
      if (this.#source === source) this.#wait(refusal);
    };
    const heard = () => {
      clearTimeout(this.#silence);
      this.#silence = setTimeout(fail, SILENCE_MS);
    };
    heard();
    source.onopen = () => {
      heard();
      // Without an event id to resume from, events may have been missed since the first attempt.
      if (this.#failures > 0 && this.#lastEventId === "") this.emit({ type: "gap" });
      this.#failures = 0;
      this.setStatus({ state: "live", reason: null });
    };
    source.onerror = fail;
    for (const type of [...EVENT_TYPES, "heartbeat", "ready", "reset"]) source.addEventListener(type, heard);
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, (event: MessageEvent<string>) => {
        this.#lastEventId = event.lastEventId || this.#lastEventId;
        this.emit({ type, data: JSON.parse(event.data) as never });
      });
    }
    // Sent at the start of a new stream: its id is the position to resume from.
    source.addEventListener("ready", (event) => {
      this.#lastEventId = event.lastEventId;
    });
    // While there are no events, its id is the position to resume from.
    source.addEventListener("heartbeat", (event) => {
      this.#lastEventId = event.lastEventId || this.#lastEventId;
    });
    source.addEventListener("reset", (event) => {
      this.#lastEventId = event.lastEventId;
      this.emit({ type: "gap" });
    });
  }

  #wait(refusal: ApiError | null): void {
    this.#source = null;
    clearTimeout(this.#silence);
    this.setStatus({ state: "waiting", reason: reasonOf(refusal) });
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    const random = this.#options.random ?? Math.random;
    const delay = Math.max(ceiling * (0.5 + random() / 2), (refusal?.retryAfter ?? 0) * 1_000);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#retry();
    }, delay);
  }

  #retry(): void {
    clearTimeout(this.#timer);
    const attempt = (this.#attempt += 1);
    this.#options.beforeRetry().then(
      () => {
        if (this.#attempt === attempt) this.#connect();
      },
      () => {
        if (this.#attempt === attempt) this.#wait(null);
      },
    );
  }
}

/** Return why the server refuses the stream, or null if there is nothing to say. */
function reasonOf(refusal: ApiError | null): StreamRefusal | null {
  // The check before the retry deals with an expired session.
  if (refusal === null || refusal.status === 401) return null;
  const { code, detail, retryAfter } = refusal;
  return { code, detail, retryAfter };
}
