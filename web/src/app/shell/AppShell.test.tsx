import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { identity } from "../../test/builders";
import { fakeApi, refuse } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderScreens } from "../../test/renderScreens";

describe("the shell", () => {
  it("names the tenant and shows whether the stream is live", async () => {
    fakeApi();
    renderScreens();
    const state = await screen.findByRole("status", { name: "Live connection" });
    expect(state).toHaveTextContent("Connecting…");

    FakeEventSource.latest.opens();
    expect(state).toHaveTextContent("Live");
    FakeEventSource.latest.breaks();
    expect(state).toHaveTextContent("Reconnecting…");
    expect(screen.getByText("Minha Loja")).toBeVisible();
  });

  it("signs out, and leaves nothing of the session behind", async () => {
    const { calls } = fakeApi({ "POST /api/v1/auth/logout": () => undefined });
    renderScreens();
    await userEvent.click(await screen.findByRole("button", { name: /Signed in as ana@shop.example/ }));
    await userEvent.click(screen.getByRole("button", { name: "Sign out" }));

    expect(await screen.findByRole("heading", { name: "Sign in to Orylo" })).toBeVisible();
    expect(calls).toContain("POST /api/v1/auth/logout");
    expect(FakeEventSource.latest.closed).toBe(true);
  });

  it("closes the menu with Escape", async () => {
    fakeApi();
    renderScreens();
    const opener = await screen.findByRole("button", { name: /Signed in as/ });
    await userEvent.click(opener);
    await userEvent.keyboard("{Escape}");

    expect(screen.queryByRole("button", { name: "Sign out" })).not.toBeInTheDocument();
    expect(opener).toHaveFocus();
  });

  it("says when the session cannot be read, and tries again", async () => {
    let up = false;
    fakeApi({ "GET /api/v1/auth/me": () => (up ? identity() : refuse({ status: 503, code: "unavailable" })) });
    renderScreens();
    expect(await screen.findByRole("alert")).toHaveTextContent("Your session could not be loaded");

    up = true;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Minha Loja")).toBeVisible();
  });
});
