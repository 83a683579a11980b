import type { Conversion, Detection, TrustChange } from "../api/types";

export type LiveEvent =
  | { type: "detection.created"; data: Detection }
  | { type: "trust.updated"; data: TrustChange }
  | { type: "conversion.dispatched"; data: Conversion }
  | { type: "conversion.failed"; data: Conversion }
  /** Something is missing: what is shown should be read anew. */
  | { type: "gap" };

export type StreamState = "connecting" | "live" | "waiting";

const TYPES = ["detection.created", "trust.updated", "conversion.dispatched", "conversion.failed"] as const;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 30_000;

interface Options {
  url: string;
  /** Asked before each new attempt: a refused stream does not say why. Throws when there is no way on. */
  beforeRetry: () => Promise<unknown>;
  open?: (url: string) => EventSource;
  random?: () => number;
}

/**
 * One stream of events for the whole dashboard, resumed where it broke off.
 *
 * A browser's own reconnecting has no growing delay and ends for good at the first refusal, so that each
 * connection here is given up at its first error and a new one names the last event that was seen.
 */
export class LiveStream {
  #options: Options;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Changes with every step, so that an answer to an earlier one is recognised as stale. */
  #step = 0;
  #failures = 0;
  #lastEventId = "";
  #state: StreamState = "connecting";
  #watchers = new Set<() => void>();
  #listeners = new Set<(event: LiveEvent) => void>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Connects; the answer disconnects. */
  start(): () => void {
    const retryNow = () => {
      if (this.#state === "waiting") this.#retry();
    };
    this.#connect();
    window.addEventListener("online", retryNow);
    return () => {
      window.removeEventListener("online", retryNow);
      clearTimeout(this.#timer);
      this.#step += 1;
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
    const resumed = this.#lastEventId && `?last_event_id=${encodeURIComponent(this.#lastEventId)}`;
    const source = open(url + resumed);
    this.#source = source;
    source.onopen = () => {
      // Events may have been missed while there was nothing yet to resume from.
      if (this.#failures > 0 && this.#lastEventId === "") this.#tell({ type: "gap" });
      this.#failures = 0;
      this.#become("live");
    };
    source.onerror = () => {
      source.close();
      if (this.#source === source) this.#wait();
    };
    for (const type of TYPES) {
      source.addEventListener(type, (event: MessageEvent<string>) => {
        this.#lastEventId = event.lastEventId || this.#lastEventId;
        this.#tell({ type, data: JSON.parse(event.data) as never });
      });
    }
    // The beginning of a stream that resumes nothing: from here on there is a place to resume from.
    source.addEventListener("ready", (event) => {
      this.#lastEventId = event.lastEventId;
    });
    source.addEventListener("reset", (event) => {
      this.#lastEventId = event.lastEventId;
      this.#tell({ type: "gap" });
    });
  }

  #wait(): void {
    this.#source = null;
    this.#become("waiting");
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
    const step = (this.#step += 1);
    this.#options.beforeRetry().then(
      () => {
        if (this.#step === step) this.#connect();
      },
      () => {
        if (this.#step === step) this.#wait();
      },
    );
  }

  #tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #become(state: StreamState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}
