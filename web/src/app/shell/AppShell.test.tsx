import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { identity } from "../../test/builders/identity";
import { fakeApi, problemResponse, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { preferences } from "../../test/builders/preferences";
import { renderApp } from "../../test/renderApp";
import { setWidth } from "../../test/width";
import { allowLetters } from "../../ui/keys/registry";

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

  it("says while the stream leaves out events, and until it no longer does", async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    try {
      fakeApi();
      renderApp();
      const state = await screen.findByRole("status", { name: "Live connection" });
      FakeEventSource.latest.open();
      FakeEventSource.latest.emit("events.skipped", { payments: 750 });
      await waitFor(() => {
        expect(state).toHaveTextContent("Live, every 15 s");
      });
      expect(state.parentElement).toHaveAttribute("title", expect.stringContaining("every 15 seconds"));
      for (let second = 0; second < 21; second += 3) {
        FakeEventSource.latest.emit("heartbeat", {}, "");
        await act(() => vi.advanceTimersByTimeAsync(3_000));
      }
      expect(state).toHaveTextContent(/^Live$/);
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows why the server refuses the live connection", async () => {
    fakeApi();
    renderApp();
    const state = await screen.findByRole("status", { name: "Live connection" });
    await FakeEventSource.latest.refuse(problemResponse({ status: 429, code: "too_many_streams", retryAfter: 30 }));

    expect(state).toHaveTextContent("Not live");
    expect(screen.getByText(/Too many live connections .* Trying again in 30 seconds\./)).toBeVisible();
  });

  it("counts what waits for a person, and reads it again after an event", async () => {
    let open = 12;
    fakeApi({
      "GET /api/v1/review/summary": () => ({ open }),
      "GET /api/v1/problems/summary": () => ({ dead_letters: 2, quarantine: 1, rejections: 22 }),
    });
    renderApp();
    expect(await screen.findByRole("link", { name: "Review 12 open" })).toBeVisible();
    expect(screen.getByRole("link", { name: "Problems 3 open" })).toBeVisible();

    open = 0;
    FakeEventSource.latest.open();
    await waitFor(() => {
      expect(screen.queryByRole("link", { name: "Review" })).toBeVisible();
    });
  });

  it("folds with [ and stays so", async () => {
    fakeApi();
    const { unmount } = renderApp();
    expect(await screen.findByRole("button", { name: "Fold the navigation" })).toBeVisible();
    await userEvent.keyboard("[[");
    expect(screen.getByRole("button", { name: "Unfold the navigation" })).toBeVisible();
    unmount();

    renderApp();
    expect(await screen.findByRole("button", { name: "Unfold the navigation" })).toBeVisible();
    await userEvent.keyboard("[[");
  });

  it("has a bar of five on a phone, and the other pages in a sheet", async () => {
    setWidth(375);
    fakeApi();
    renderApp();
    const bar = await screen.findByRole("navigation", { name: "Main" });
    expect(within(bar).getAllByRole("link").map((link) => link.textContent)).toEqual(["Overview", "Payments", "Review", "Problems"]);

    await userEvent.click(within(bar).getByRole("button", { name: "More" }));
    const sheet = await screen.findByRole("dialog", { name: "More" });
    await userEvent.click(within(sheet).getByRole("link", { name: "Customers" }));
    expect(await screen.findByRole("heading", { name: "Customers", level: 1 })).toBeVisible();
    expect(sheet).not.toBeInTheDocument();
  });

  it("goes to a page by its keys, and lists the keys", async () => {
    fakeApi();
    renderApp();
    await screen.findByText("Minha Loja");
    await userEvent.keyboard("gc");
    expect(await screen.findByRole("heading", { name: "Customers", level: 1 })).toBeVisible();

    await userEvent.keyboard("?");
    const list = await screen.findByRole("dialog", { name: "Keyboard shortcuts" });
    expect(within(list).getByText("Go to Customers")).toBeVisible();
    expect(within(list).getByText("Fold or unfold the navigation")).toBeVisible();
  });

  it("shows the demo, and before it an operator's visit with the way out", async () => {
    const visit = { operator: "otto@orylo.example", reason: "Ticket 4711", until: "2099-12-31T00:00:00Z" };
    fakeApi({ "POST /api/v1/auth/leave": () => identity({ demo: true }) }, identity({ demo: true, impersonation: visit }));
    renderApp();
    expect(await screen.findByText(/You are in Minha Loja as an operator .* Reason: Ticket 4711/)).toBeVisible();
    expect(screen.queryByText(/This is the demo/)).not.toBeInTheDocument();

    await userEvent.click(screen.getByRole("button", { name: "Leave" }));
    expect(await screen.findByText("This is the demo: no sale is sent to Meta.")).toBeVisible();
    expect(screen.queryByText(/as an operator/)).not.toBeInTheDocument();
  });

  it("applies the preferences, and saves a chosen theme with them", async () => {
    let saved: unknown;
    fakeApi({
      "GET /api/v1/me/preferences": () => preferences({ key_hints: false, theme: "dark" }),
      "PUT /api/v1/me/preferences": ({ body }) => {
        saved = body;
        return preferences();
      },
    });
    renderApp();
    await waitFor(() => {
      expect(document.documentElement.dataset.theme).toBe("dark");
    });
    await userEvent.keyboard("?");
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();

    await userEvent.click(screen.getByRole("button", { name: /Signed in as/ }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Light theme" }));
    await waitFor(() => {
      expect(saved).toMatchObject({ theme: "light", key_hints: false });
    });
    allowLetters(true);
  });

  it("leads from a link of an earlier version to the payment", async () => {
    fakeApi({ "GET /api/v1/detections/det_1": () => ({ payment_id: "hotmart:HP7741" }) });
    renderApp("/?detection=det_1");

    await waitFor(() => {
      expect(document.title).toBe("Payment · Orylo");
    });
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
