import { screen, within, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { Overview } from "../../api/types";
import { healthSummary } from "../../test/builders/health";
import { NO_FIGURES, overview } from "../../test/builders/overview";
import { timeSeries } from "../../test/builders/timeseries";
import { fakeApi, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";


const REST = {
  "GET /api/v1/timeseries": () => timeSeries(),
  "GET /api/v1/health/summary": () => healthSummary(),
  "GET /api/v1/funnel": () => ({ timezone: "UTC", starts_at: "", ends_at: "", steps: [] }),
  "GET /api/v1/attention": () => ({ generated_at: "2026-11-20T12:00:00Z", items: [] }),
};

const withSales = (payments: number, ...amounts: [string, number][]): Overview["period"] => ({
  ...NO_FIGURES,
  attempts: payments,
  sales: { payments, amounts: amounts.map(([currency, minor]) => ({ currency, minor })) },
});

const page = (changes: Partial<Overview> = {}): Overview => ({ ...overview(), ...changes });
const card = (name: string) => screen.findByRole("region", { name });

describe("the overview", () => {
  it("shows each currency by itself, the largest first, and leads to the sales of the range", async () => {
    fakeApi({ ...REST, "GET /api/v1/overview": () => page({ period: withSales(3, ["BRL", 49_790], ["USD", 1_000]) }) });
    renderApp("/?range=7d");
    const sales = await card("Sales");

    expect(await within(sales).findByText(/R\$497\.90/)).toBeVisible();
    expect(within(sales).getByText(/\$10\.00/)).toBeVisible();
    expect(within(sales).getByText("3 sales")).toBeVisible();
    expect(within(sales).getByRole("link", { name: "Sales" })).toHaveAttribute("href", "/payments?range=7d&state=succeeded");
  });

  it("compares with the same hours of the day before, unless that is switched off", async () => {
    const asked = vi.fn();
    fakeApi({
      ...REST,
      "GET /api/v1/overview": ({ query }) => {
        asked(query.get("compare"));
        return page({ period: withSales(112), compared: query.has("compare") ? withSales(100) : null });
      },
    });
    renderApp("/");
    expect(await screen.findByText("12% more than before")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("checkbox", { name: "Compare with the day before" }));

    await waitFor(() => {
      expect(screen.queryByText("12% more than before")).toBeNull();
    });
    expect(asked.mock.calls).toEqual([["previous_day"], [null]]);
  });

  it("takes today's figures from the stream, but no older ones and none of another day", async () => {
    const { starts_at } = NO_FIGURES;
    fakeApi({ ...REST, "GET /api/v1/overview": () => page({ period: withSales(3) }) });
    renderApp("/");
    const sales = await card("Sales");
    await within(sales).findByText("3 sales");
    const report = (count: number, generated_at: string, starts: string) => {
      const { today, last_24h, last_7d } = overview();
      const hour = { at: starts, counts: today.counts };
      const period = { ...withSales(count), starts_at: starts };
      FakeEventSource.latest.emit("overview.updated", { generated_at, period, today, last_24h, last_7d, hour, open_dead_letters: 0, destinations: [] });
    };
    FakeEventSource.latest.open();
    report(9, "2026-11-20T12:00:09Z", "2026-11-21T00:00:00Z");
    report(8, "2026-11-20T11:59:00Z", starts_at);
    report(4, "2026-11-20T12:00:05Z", starts_at);

    expect(await within(sales).findByText("4 sales")).toBeVisible();
  });

  it("says what needs a person, with the page where to do it", async () => {
    const items = [
      { code: "failed_money", count: 3, amounts: [{ currency: "BRL", amount_minor: 99_000 }], since: null, subject: null, reason: null, detail: null, link: "/payments?state=failed" },
      { code: "to_review", count: 12, amounts: [{ currency: "BRL", amount_minor: 231_000 }], since: null, subject: null, reason: null, detail: null, link: "/review" },
      { code: "webhooks_rejected", count: 14, amounts: [], since: null, subject: "kiwify", reason: "signature_mismatch", detail: "…", link: "/problems/rejections" },
    ];
    fakeApi({ ...REST, "GET /api/v1/attention": () => ({ generated_at: "2026-11-20T12:00:00Z", items }) });
    renderApp("/");
    const needs = await card("What needs you");

    expect(await within(needs).findByText("3 payments failed within an hour, more money than your limit")).toBeVisible();
    expect(within(needs).getByText("12 payments to review")).toBeVisible();
    expect(within(needs).getByText("R$2,310.00")).toBeVisible();
    expect(within(needs).getByText("Kiwify: 14 webhooks refused")).toBeVisible();
    expect(within(needs).getByRole("link", { name: "Review" })).toHaveAttribute("href", "/review");
  });

  it("leads a new shop to its first steps", async () => {
    fakeApi(REST);
    renderApp("/");

    expect(await screen.findByRole("link", { name: "First steps" })).toHaveAttribute("href", "/welcome");
  });

  it("keeps its other parts if one fails", async () => {
    fakeApi({ ...REST, "GET /api/v1/overview": () => sendProblem({ status: 503, code: "unavailable" }) });
    renderApp("/");

    expect(await screen.findByRole("alert")).toHaveTextContent("The overview could not be loaded");
    expect(await screen.findByText("Nothing needs you now.")).toBeVisible();
  });
});
