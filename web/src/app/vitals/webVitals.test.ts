import { afterEach, describe, expect, it, vi } from "vitest";
import type { Metric } from "web-vitals";

import { fakeApi } from "../../test/fakeApi";
import { reportWebVitals } from "./webVitals";

const observers = vi.hoisted(() => new Map<string, (metric: Partial<Metric>) => void>());
vi.mock("web-vitals", () => {
  const on = (name: string) => (report: (metric: Partial<Metric>) => void) => observers.set(name, report);
  return { onLCP: on("LCP"), onINP: on("INP"), onCLS: on("CLS"), onTTFB: on("TTFB") };
});

const measure = (name: Metric["name"], value: number) => observers.get(name)?.({ name, value });

async function leave() {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  await Promise.resolve();
  await Promise.resolve();
}

describe("Web Vitals", () => {
  afterEach(() => {
    window.history.replaceState(null, "", "/");
  });

  it("are sent by the ids of pages, never with an address, when the user leaves", async () => {
    const sent: unknown[] = [];
    fakeApi({
      "POST /api/v1/web-vitals": ({ body }) => {
        sent.push(body);
      },
    });
    window.history.replaceState(null, "", "/payments/hotmart%3AHP7741?q=ana");
    reportWebVitals();
    measure("LCP", 812.5);
    measure("TTFB", 40);
    window.history.replaceState(null, "", "/review");
    measure("CLS", 0.01);
    measure("CLS", 0.02);
    expect(sent).toEqual([]);
    await leave();

    expect(sent).toEqual([
      { page: "payment", vitals: [{ name: "LCP", value: 812.5 }, { name: "TTFB", value: 40 }] },
      { page: "review", vitals: [{ name: "CLS", value: 0.02 }] },
    ]);
  });

  it("are not sent by those who are not signed in", async () => {
    const { calls } = fakeApi({}, null);
    reportWebVitals();
    measure("LCP", 812.5);
    await leave();

    expect(calls).toEqual([]);
  });
});
