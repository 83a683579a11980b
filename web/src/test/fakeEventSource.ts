import { act } from "@testing-library/react";

/** A stream that a test tells what to say. */
export class FakeEventSource extends EventTarget {
  static all: FakeEventSource[] = [];

  static get latest(): FakeEventSource {
    const latest = FakeEventSource.all.at(-1);
    if (latest === undefined) throw new Error("no stream was opened");
    return latest;
  }

  readonly url: string;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  constructor(url: string) {
    super();
    this.url = url;
    FakeEventSource.all.push(this);
  }

  opens(): void {
    act(() => {
      this.onopen?.();
    });
  }

  breaks(): void {
    act(() => {
      this.onerror?.();
    });
  }

  says(type: string, data: unknown, id = "1.0"): void {
    act(() => {
      this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data), lastEventId: id }));
    });
  }

  close(): void {
    this.closed = true;
  }
}
