import { act } from "@testing-library/react";

/** An IntersectionObserver controlled by the test. */
export class FakeIntersectionObserver {
  static all: FakeIntersectionObserver[] = [];

  readonly #callback: IntersectionObserverCallback;

  constructor(callback: IntersectionObserverCallback) {
    this.#callback = callback;
    FakeIntersectionObserver.all.push(this);
  }

  static setTopVisible(visible: boolean): void {
    const entry = { isIntersecting: visible, boundingClientRect: { top: visible ? 10 : -400 } } as IntersectionObserverEntry;
    act(() => {
      for (const observer of FakeIntersectionObserver.all) observer.#callback([entry], observer as never);
    });
  }

  observe(): void {
    // The test reports visibility with setTopVisible.
  }

  disconnect(): void {
    FakeIntersectionObserver.all = FakeIntersectionObserver.all.filter((other) => other !== this);
  }
}
