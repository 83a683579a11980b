import { CONNECTING, EventStream } from "./eventStream";
import { ALIVE_EVERY_MS, type WorkerMessage, type WorkerPort } from "./tabMessages";

/** A worker that is silent for longer has ended. */
const SILENCE_MS = 2.5 * ALIVE_EVERY_MS;

interface Options {
  /** Connect to the shared worker. `onBroken` is called if it cannot run. */
  connect: (onBroken: () => void) => WorkerPort;
  /** Check and refresh the session. */
  check: () => Promise<unknown>;
  /** The stream to use if the worker cannot run. */
  fallback: () => EventStream;
}

/** A tab's part of the stream that all tabs of this browser share through a worker. */
export class SharedStream extends EventStream {
  #options: Options;
  #stop: () => void = () => undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options) {
    super();
    this.#options = options;
  }

  start(): () => void {
    this.#join();
    // Not `unload`: a page that has a listener for it loads anew when one goes back to it.
    const leave = () => {
      this.#stop();
      // If the page is shown again, becoming live tells it that it has missed events.
      this.setStatus(CONNECTING);
    };
    const rejoin = ({ persisted }: PageTransitionEvent) => {
      if (persisted) this.#join();
    };
    window.addEventListener("pagehide", leave);
    window.addEventListener("pageshow", rejoin);
    return () => {
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("pageshow", rejoin);
      this.#stop();
    };
  }

  #join(): void {
    const port = this.#options.connect(() => {
      this.#stop();
      this.#useFallback();
    });
    port.onmessage = ({ data }) => {
      this.#expectNext();
      this.#receive(port, data);
    };
    this.#stop = () => {
      clearTimeout(this.#silence);
      port.onmessage = null;
      port.postMessage({ type: "leave" });
      port.close();
    };
    port.postMessage({ type: "join" });
    this.#expectNext();
  }

  #expectNext(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#stop();
      this.setStatus({ state: "waiting", reason: null });
      this.#join();
    }, SILENCE_MS);
  }

  #receive(port: WorkerPort, message: WorkerMessage): void {
    switch (message.type) {
      case "event":
        this.emit(message.event);
        break;
      case "status":
        this.setStatus(message.status);
        break;
      case "alive":
        port.postMessage({ type: "here" });
        break;
      case "check":
        this.#options.check().then(
          () => {
            port.postMessage({ type: "checked", valid: true });
          },
          () => {
            port.postMessage({ type: "checked", valid: false });
          },
        );
    }
  }

  #useFallback(): void {
    const own = this.#options.fallback();
    own.listen((event) => {
      this.emit(event);
    });
    own.watchStatus(() => {
      this.setStatus(own.status());
    });
    this.#stop = own.start();
  }
}
