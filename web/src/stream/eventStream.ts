import type {
  Conversion,
  CustomerSeen,
  DeadLetterSummary,
  Detection,
  EventsSkipped,
  Job,
  NoteChange,
  OverviewUpdate,
  ReviewCaseChange,
  SwitchesChanged,
  TrustChange,
  VerdictChange,
  WebhookReceipt,
  WebhookRefusal,
} from "../api/types";

export type LiveEvent =
  | { type: "detection.created"; data: Detection }
  | { type: "customer.seen"; data: CustomerSeen }
  | { type: "trust.updated"; data: TrustChange }
  | { type: ConversionEventType; data: Conversion }
  | { type: "dead_letter.created"; data: DeadLetterSummary }
  | { type: "job.progress"; data: Job }
  | { type: "webhook.accepted"; data: WebhookReceipt }
  | { type: "webhook.refused"; data: WebhookRefusal }
  | { type: "overview.updated"; data: OverviewUpdate }
  | { type: "switches.changed"; data: SwitchesChanged }
  | { type: "verdict.given"; data: VerdictChange }
  | { type: "review.changed"; data: ReviewCaseChange }
  | { type: "note.changed"; data: NoteChange }
  /** Events that follow from webhooks were left out, because there were too many. What shows them reads once more. */
  | { type: "events.skipped"; data: EventsSkipped }
  /** Events were missed. The provider has everything refetched; what was kept of events must be dropped. */
  | { type: "gap" };

type ConversionEventType =
  | "conversion.matched"
  | "conversion.suppressed"
  | "conversion.dispatched"
  | "conversion.failed"
  | "conversion.correction_changed";

export const EVENT_TYPES = [
  "detection.created",
  "customer.seen",
  "trust.updated",
  "conversion.matched",
  "conversion.suppressed",
  "conversion.dispatched",
  "conversion.failed",
  "conversion.correction_changed",
  "dead_letter.created",
  "job.progress",
  "webhook.accepted",
  "webhook.refused",
  "overview.updated",
  "switches.changed",
  "verdict.given",
  "review.changed",
  "note.changed",
  "events.skipped",
] as const satisfies LiveEvent["type"][];

type ConversionEvent = Extract<LiveEvent, { type: ConversionEventType }>;

export const isConversionEvent = (event: LiveEvent): event is ConversionEvent => event.type.startsWith("conversion.");

export interface StreamStatus {
  state: "connecting" | "live" | "waiting";
  /** Why the server refuses the stream. Null if it does not. */
  reason: StreamRefusal | null;
}

/** A problem of the API, as plain data: tabs and worker exchange it. */
export interface StreamRefusal {
  code: string;
  /** The API's sentence. */
  detail: string;
  /** Seconds until the next attempt, if the API gave them. */
  retryAfter: number | undefined;
}

export const CONNECTING: StreamStatus = { state: "connecting", reason: null };

/** The server sends something every 4 s. A stream that is silent for twice as long has stalled. */
export const SILENCE_MS = 8_000;

/** Live events, and whether they arrive at present. */
export abstract class EventStream {
  #status = CONNECTING;
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  /** Connect. The returned function disconnects. */
  abstract start(): () => void;

  listen = (listener: (event: LiveEvent) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  watchStatus = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  status = (): StreamStatus => this.#status;

  protected emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  protected setStatus(status: StreamStatus): void {
    if (this.#status.state === status.state && this.#status.reason?.code === status.reason?.code) return;
    this.#status = status;
    for (const watcher of this.#watchers) watcher();
  }
}
