import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { identity } from "../../test/builders/identity";
import { fakeApi, problemResponse, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";

describe("the shell", () => {
  it("shows the tenant and the state of the live connection", async () => {
    fakeApi();
    renderApp();
    const state = await screen.findByRole("status", { name: "Live connection" });
    expect(state).toHaveTextContent("Connecting…");

    FakeEventSource.latest.open();
    expect(state).toHaveTextContent("Live");
    FakeEventSource.latest.fail();
    expect(state).toHaveTextContent("Not live, reconnecting…");
    expect(screen.getByText("Minha Loja")).toBeVisible();
  });

  it("shows why the server refuses the live connection", async () => {
    fakeApi();
    renderApp();
    const state = await screen.findByRole("status", { name: "Live connection" });
    await FakeEventSource.latest.refuse(problemResponse({ status: 429, code: "too_many_streams", retryAfter: 30 }));

    expect(state).toHaveTextContent("Not live");
    expect(screen.getByText(/Too many live connections .* Trying again in 30 seconds\./)).toBeVisible();
  });

  it("signs out and ends the session", async () => {
    const { calls } = fakeApi({ "POST /api/v1/auth/logout": () => undefined });
    renderApp();
    await userEvent.click(await screen.findByRole("button", { name: /Signed in as ana@shop.example/ }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Sign out" }));

    expect(await screen.findByRole("heading", { name: "Sign in to Orylo" })).toBeVisible();
    expect(calls).toContain("POST /api/v1/auth/logout");
    expect(FakeEventSource.latest.closed).toBe(true);
  });

  it("closes the menu with Escape", async () => {
    fakeApi();
    renderApp();
    const opener = await screen.findByRole("button", { name: /Signed in as/ });
    await userEvent.click(opener);
    await userEvent.keyboard("{Escape}");

    expect(screen.queryByRole("menuitem", { name: "Sign out" })).not.toBeInTheDocument();
    expect(opener).toHaveFocus();
  });

  it("shows a failure to load the session and retries on request", async () => {
    let up = false;
    fakeApi({ "GET /api/v1/auth/me": () => (up ? identity() : sendProblem({ status: 503, code: "unavailable" })) });
    renderApp();
    expect(await screen.findByRole("alert")).toHaveTextContent("Your session could not be loaded");

    up = true;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Minha Loja")).toBeVisible();
  });
});
