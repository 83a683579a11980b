import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { healthSummary } from "../../test/builders/health";
import { fakeApi, sendProblem } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";

const check = (ok: boolean) => ({ ok, latency_ms: 1.84, detail: "…" });
const checks = { database: check(true), stripe: check(true), cache: check(true), webhooks: check(true) };
const paymentHealth = { healthy: true, timestamp: "2026-11-20T12:00:00Z", checks };

const WELL = { "GET /api/v1/health/summary": () => healthSummary(), "GET /api/health/payment": () => paymentHealth };

describe("the health page", () => {
  it("says that all is well, with each gateway and destination", async () => {
    fakeApi(WELL);
    renderApp("/health");

    expect(await screen.findByText(/^All is well/)).toBeVisible();
    expect(await screen.findByRole("link", { name: "Stripe" })).toHaveAttribute("href", "/gateways/stripe");
    expect(screen.getByText("Decisions in 11.8 ms")).toBeVisible();
    expect(await screen.findByText("They arrive as they did a week ago.")).toBeVisible();
  });

  it("says what needs a look, and where", async () => {
    const health = healthSummary({ status: "failed", dead_letters: { status: "failed", detail: "", open: 3 } });
    fakeApi({ ...WELL, "GET /api/v1/health/summary": () => health });
    renderApp("/health");

    expect(await screen.findByRole("alert")).toHaveTextContent("Something needs a look.");
    const finding = screen.getByText("3 dead letters").closest("li");
    expect(within(finding as HTMLElement).getByRole("link", { name: "Look" })).toHaveAttribute("href", "/problems/dead-letters");
  });

  it("shows the checks of a platform that answers 503", async () => {
    const unhealthy = { ...paymentHealth, healthy: false, checks: { ...checks, cache: check(false) } };
    fakeApi({ ...WELL, "GET /api/health/payment": () => Response.json(unhealthy, { status: 503 }) });
    renderApp("/health");

    expect(await screen.findByText(/Decisions see less of a payment’s past/)).toBeVisible();
  });

  it("shows the platform's health if the shop's cannot be read", async () => {
    fakeApi({ ...WELL, "GET /api/v1/health/summary": () => sendProblem({ status: 503, code: "unavailable" }) });
    renderApp("/health");

    expect(await screen.findByRole("alert")).toHaveTextContent("The health of your shop could not be loaded");
    expect(await screen.findByText("They arrive as they did a week ago.")).toBeVisible();
  });
});
