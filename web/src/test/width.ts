import { vi } from "vitest";

/** Give the window a width, for media queries with `max-width`. jsdom has none. */
export function setWidth(width: number): void {
  vi.stubGlobal("matchMedia", (query: string) => ({
    matches: width <= Number(/max-width: ([\d.]+)px/.exec(query)?.[1] ?? 0),
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
}
