import type { Conversion, Detection, TrustChange } from "../api/types";

export type LiveEvent =
  | { type: "detection.created"; data: Detection }
  | { type: "trust.updated"; data: TrustChange }
  | { type: "conversion.dispatched"; data: Conversion }
  | { type: "conversion.failed"; data: Conversion }
  /** Events were missed: refetch what is shown. */
  | { type: "gap" };

export type StreamState = "connecting" | "live" | "waiting";

const TYPES = ["detection.created", "trust.updated", "conversion.dispatched", "conversion.failed"] as const;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;
/** The server sends something every 4 s. A stream that is silent for twice as long has stalled. */
const SILENCE_MS = 8_000;

interface Options {
  url: string;
  /** Runs before each retry, since a rejected stream gives no reason. Rejects if a retry would be pointless. */
  beforeRetry: () => Promise<unknown>;
  open?: (url: string) => EventSource;
  random?: () => number;
}

/**
 * The dashboard's stream of events. It resumes after the last event it received.
 *
 * EventSource reconnects without backoff and stops for good at the first error response. So each connection
 * is closed at its first error, and a new one is opened with the id of the last event.
 */
export class LiveStream {
  #options: Options;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  /** Incremented by each retry and by stop. A check that began under another number is stale. */
  #attempt = 0;
  #failures = 0;
  #lastEventId = "";
  #state: StreamState = "connecting";
  #watchers = new Set<() => void>();
  #listeners = new Set<(event: LiveEvent) => void>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Connect. The returned function disconnects. */
  start(): () => void {
    const retryNow = () => {
      if (this.#state === "waiting") this.#retry();
    };
    this.#connect();
    window.addEventListener("online", retryNow);
    return () => {
      window.removeEventListener("online", retryNow);
      clearTimeout(this.#timer);
      clearTimeout(this.#silence);
      this.#attempt += 1;
      this.#source?.close();
      this.#source = null;
    };
  }

  listen = (listener: (event: LiveEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  watchState = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  state = (): StreamState => this.#state;

  #connect(): void {
    const { url, open = (address: string) => new EventSource(address) } = this.#options;
    const resumeFrom = this.#lastEventId && `?last_event_id=${encodeURIComponent(this.#lastEventId)}`;
    const source = open(url + resumeFrom);
    this.#source = source;
    const fail = () => {
      source.close();
      if (this.#source === source) this.#wait();
    };
    const heard = () => {
      clearTimeout(this.#silence);
      this.#silence = setTimeout(fail, SILENCE_MS);
    };
    heard();
    source.onopen = () => {
      heard();
      // Without an event id to resume from, events may have been missed since the first attempt.
      if (this.#failures > 0 && this.#lastEventId === "") this.#emit({ type: "gap" });
      this.#failures = 0;
      this.#setState("live");
    };
    source.onerror = fail;
    for (const type of [...TYPES, "heartbeat", "ready", "reset"]) source.addEventListener(type, heard);
    for (const type of TYPES) {
      source.addEventListener(type, (event: MessageEvent<string>) => {
        this.#lastEventId = event.lastEventId || this.#lastEventId;
        this.#emit({ type, data: JSON.parse(event.data) as never });
      });
    }
    // Sent at the start of a new stream: its id is the position to resume from.
    source.addEventListener("ready", (event) => {
      this.#lastEventId = event.lastEventId;
    });
    source.addEventListener("reset", (event) => {
      this.#lastEventId = event.lastEventId;
      this.#emit({ type: "gap" });
    });
  }

  #wait(): void {
    this.#source = null;
    clearTimeout(this.#silence);
    this.#setState("waiting");
    const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    this.#failures += 1;
    const random = this.#options.random ?? Math.random;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#retry();
    }, ceiling * (0.5 + random() / 2));
  }

  #retry(): void {
    clearTimeout(this.#timer);
    const attempt = (this.#attempt += 1);
    this.#options.beforeRetry().then(
      () => {
        if (this.#attempt === attempt) this.#connect();
      },
      () => {
        if (this.#attempt === attempt) this.#wait();
      },
    );
  }

  #emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #setState(state: StreamState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}
