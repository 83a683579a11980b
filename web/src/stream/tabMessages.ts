import type { LiveEvent, StreamStatus } from "./eventStream";

/** From a tab to the shared worker. */
export type TabMessage =
  | { type: "join" }
  | { type: "leave" }
  /** The answer to "alive": the tab still exists. */
  | { type: "here" }
  /** The answer to "check". */
  | { type: "checked"; valid: boolean };

/** From the shared worker to a tab. */
export type WorkerMessage =
  | { type: "event"; event: LiveEvent }
  | { type: "status"; status: StreamStatus }
  | { type: "alive" }
  /** Check and refresh the session. A worker cannot, because it does not see cookies. */
  | { type: "check" };

/** The parts of a MessagePort that the two sides use. */
export interface TabPort {
  onmessage: ((event: MessageEvent<TabMessage>) => void) | null;
  postMessage: (message: WorkerMessage) => void;
}

export interface WorkerPort {
  onmessage: ((event: MessageEvent<WorkerMessage>) => void) | null;
  postMessage: (message: TabMessage) => void;
  close: () => void;
}

/** The worker says this often that it is alive, and a tab answers. */
export const ALIVE_EVERY_MS = 4_000;
