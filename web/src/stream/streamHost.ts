import type { EventStream } from "./eventStream";
import { ALIVE_EVERY_MS, type TabMessage, type TabPort } from "./tabMessages";

/** A tab that is silent for this long has crashed or is frozen. If it wakes up, it joins again. */
const GONE_MS = 30_000;
const CHECK_TIMEOUT_MS = 15_000;

/** One stream for all tabs that joined. It is open while there are any. */
export class StreamHost {
  readonly #open: (check: () => Promise<void>) => EventStream;
  /** When each tab was last heard from. */
  readonly #tabs = new Map<TabPort, number>();
  #stream: EventStream | null = null;
  #stop: () => void = () => undefined;
  #checked: (valid: boolean) => void = () => undefined;

  /** `open` makes the stream; it gets the function that has a tab check the session. */
  constructor(open: (check: () => Promise<void>) => EventStream) {
    this.#open = open;
  }

  attach(tab: TabPort): void {
    tab.onmessage = ({ data }) => {
      this.#receive(tab, data);
    };
  }

  #receive(tab: TabPort, message: TabMessage): void {
    if (message.type === "leave") {
      this.#remove(tab);
      return;
    }
    const isNew = !this.#tabs.has(tab);
    this.#tabs.set(tab, Date.now());
    if (message.type === "checked") this.#checked(message.valid);
    if (!isNew) return;
    this.#stream ??= this.#start();
    // One that was taken for gone has missed events.
    if (message.type !== "join") tab.postMessage({ type: "event", event: { type: "gap" } });
    tab.postMessage({ type: "status", status: this.#stream.status() });
  }

  #start(): EventStream {
    const stream = this.#open(() => this.#check());
    const alive = setInterval(() => {
      for (const [tab, heardAt] of this.#tabs) {
        if (Date.now() - heardAt > GONE_MS) this.#remove(tab);
        else tab.postMessage({ type: "alive" });
      }
    }, ALIVE_EVERY_MS);
    stream.listen((event) => {
      for (const tab of this.#tabs.keys()) tab.postMessage({ type: "event", event });
    });
    stream.watchStatus(() => {
      for (const tab of this.#tabs.keys()) tab.postMessage({ type: "status", status: stream.status() });
    });
    const disconnect = stream.start();
    this.#stop = () => {
      disconnect();
      clearInterval(alive);
    };
    return stream;
  }

  #remove(tab: TabPort): void {
    this.#tabs.delete(tab);
    if (this.#tabs.size > 0) return;
    this.#stop();
    this.#stream = null;
  }

  /** Have the tab heard from last check the session. Rejects if it cannot, or does not answer. */
  #check(): Promise<void> {
    const [tab] = [...this.#tabs].reduce((latest, other) => (other[1] > latest[1] ? other : latest));
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => {
        reject(new Error("no tab answered"));
      }, CHECK_TIMEOUT_MS);
      this.#checked = (valid) => {
        clearTimeout(timeout);
        if (valid) resolve();
        else reject(new Error("the session could not be checked"));
      };
      tab.postMessage({ type: "check" });
    });
  }
}
