import { matchPath } from "react-router";
import { type Metric, onCLS, onINP, onLCP, onTTFB } from "web-vitals";

import { change, mayHaveSession } from "../../api/client";
import type { WebVitalsBody } from "../../api/types";
import { PAGES } from "../pages";

type Vital = WebVitalsBody["vitals"][number];

/**
 * Measure Web Vitals, and send them when the user leaves. They are named by the page's id, never by its address. The
 * first two concern the page that was opened first, the others the page that is left.
 */
export function reportWebVitals(): void {
  const opened = pageAt(window.location.pathname);
  const measured = new Map<string, { page: string; vital: Vital }>();
  const keep = (page: string, { name, value }: Metric) => {
    if (name !== "FCP") measured.set(`${page} ${name}`, { page, vital: { name, value } });
  };

  for (const observe of [onLCP, onTTFB]) observe((metric) => { keep(opened, metric); });
  for (const observe of [onINP, onCLS]) observe((metric) => { keep(pageAt(window.location.pathname), metric); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    // The library reports its last figures in the same event.
    queueMicrotask(() => {
      send([...measured.values()]);
      measured.clear();
    });
  });
}

/** The id of the page at a path. */
const pageAt = (path: string): string => PAGES.find((page) => matchPath(page.path, path))?.id ?? "other";

function send(measured: readonly { page: string; vital: Vital }[]): void {
  // Others may not report.
  if (!mayHaveSession()) return;
  for (const page of new Set(measured.map((each) => each.page))) {
    const vitals = measured.filter((each) => each.page === page).map(({ vital }) => vital);
    // A lost report is no harm: the next visit brings another.
    change("POST", "/api/v1/web-vitals", { body: { page, vitals } satisfies WebVitalsBody, keepalive: true }).catch(() => undefined);
  }
}
