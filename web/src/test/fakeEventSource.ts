import { act } from "@testing-library/react";

/** An EventSource controlled by the test. */
export class FakeEventSource extends EventTarget {
  static all: FakeEventSource[] = [];

  static get latest(): FakeEventSource {
    const latest = FakeEventSource.all.at(-1);
    if (latest === undefined) throw new Error("no EventSource was created");
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

  open(): void {
    act(() => {
      this.onopen?.();
    });
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
