import { act } from "@testing-library/react";
import { vi } from "vitest";

/** An EventSource controlled by the test. */
export class FakeEventSource extends EventTarget {
  static all: FakeEventSource[] = [];

  static get latest(): FakeEventSource {
    const latest = FakeEventSource.all.at(-1);
    if (latest === undefined) throw new Error("no EventSource was created");
    return latest;
  }

  /** Path and query. */
  readonly url: string;
  readonly #fetch: typeof fetch;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  constructor(url: string, init: { fetch: typeof fetch }) {
    super();
    const { pathname, search } = new URL(url);
    this.url = pathname + search;
    this.#fetch = init.fetch;
    FakeEventSource.all.push(this);
  }

  open(): void {
    act(() => {
      this.onopen?.();
    });
  }

  /** Be answered with an error response. */
  async refuse(response: Response): Promise<void> {
    vi.stubGlobal("fetch", () => Promise.resolve(response));
    await this.#fetch(this.url);
    this.fail();
  }

  fail(): void {
    act(() => {
      this.onerror?.();
    });
  }

  emit(type: string, data: unknown, id = "1.0"): void {
    act(() => {
      this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data), lastEventId: id }));
    });
  }

  close(): void {
    this.closed = true;
  }
}
