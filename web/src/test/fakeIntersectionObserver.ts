import { act } from "@testing-library/react";

/** An observer that a test tells what is in sight. */
export class FakeIntersectionObserver {
  static all: FakeIntersectionObserver[] = [];

  readonly #callback: IntersectionObserverCallback;

  constructor(callback: IntersectionObserverCallback) {
    this.#callback = callback;
    FakeIntersectionObserver.all.push(this);
  }

  static seesTop(seen: boolean): void {
    const entry = { isIntersecting: seen, boundingClientRect: { top: seen ? 10 : -400 } } as IntersectionObserverEntry;
    act(() => {
      for (const observer of FakeIntersectionObserver.all) observer.#callback([entry], observer as never);
    });
  }

  observe(): void {
    // Whatever it is: the test says when it is seen.
  }

  disconnect(): void {
    FakeIntersectionObserver.all = FakeIntersectionObserver.all.filter((other) => other !== this);
  }
}
