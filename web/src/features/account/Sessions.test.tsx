import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import type { OpenSession } from "../../api/types";
import { fakeApi, sendProblem } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";
import { clearToasts } from "../../ui/feedback/toasts";

const PATH = "/api/v1/me/sessions";
const CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";

function session(changes: Partial<OpenSession>): OpenSession {
  return {
    id: "s1",
    created_at: "2026-11-01T10:00:00Z",
    last_used_at: new Date(Date.now() - 120_000).toISOString(),
    expires_at: "2099-01-01T00:00:00Z",
    address: "203.0.113.7",
    user_agent: CHROME,
    current: false,
    ...changes,
  };
}

const HERE = session({ id: "here", current: true, user_agent: FIREFOX, address: "203.0.113.1" });

/** The API of a user who is also signed in with Chrome and with a program. */
function signedIn(handlers: Parameters<typeof fakeApi>[0] = {}) {
  const state = { items: [HERE, session({ id: "chrome" }), session({ id: "program", user_agent: "curl/8.5.0" })] };
  const api = fakeApi({
    "GET /api/v1/account/second-factor": () => ({ enabled: false, recovery_codes_left: 0 }),
    [`GET ${PATH}`]: () => state,
    [`DELETE ${PATH}/chrome`]: () => {
      state.items = state.items.filter(({ id }) => id !== "chrome");
    },
    [`POST ${PATH}/end-others`]: () => {
      state.items = [HERE];
      return { ended: 2 };
    },
    ...handlers,
  });
  renderApp("/account");
  return { ...api, state };
}

beforeEach(clearToasts);

const endChrome = () => screen.findByRole("button", { name: "End Chrome on Windows, 203.0.113.7" });

describe("sessions", () => {
  it("names browser, system, address and last use, and marks this one", async () => {
    signedIn();
    await endChrome();
    const rows = within(screen.getByRole("region", { name: "Sessions" })).getAllByRole("listitem");

    expect(rows).toHaveLength(3);
    expect(rows[0]).toHaveTextContent("Firefox on Linux This one");
    expect(rows[1]).toHaveTextContent(/^Chrome on Windows 203\.0\.113\.7Last used 2 min\. ago/);
    expect(rows[1]).not.toHaveTextContent("This one");
    expect(rows[2]).toHaveTextContent("Unknown browser");
  });

  it("does not end this one, and says why", async () => {
    signedIn();
    const button = await screen.findByRole("button", { name: "End Firefox on Linux, 203.0.113.1" });

    expect(button).toBeDisabled();
    expect(button).toHaveAccessibleDescription("To end this one, sign out.");
  });

  it("ends one with the keyboard, and keeps the focus in the section", async () => {
    const { calls } = signedIn();
    (await endChrome()).focus();
    await userEvent.keyboard("{Enter}");

    expect(await screen.findByText("The session has ended.")).toBeVisible();
    await waitFor(() => {
      expect(screen.queryByText("Chrome on Windows")).not.toBeInTheDocument();
    });
    expect(screen.getByRole("heading", { name: "Sessions" })).toHaveFocus();
    expect(calls.filter((call) => call.startsWith("DELETE"))).toEqual([`DELETE ${PATH}/chrome`]);
  });

  it("takes a session that is gone for ended", async () => {
    const { state } = signedIn({ [`DELETE ${PATH}/chrome`]: () => sendProblem({ status: 404, code: "not_found" }) });
    const button = await endChrome();
    state.items = [HERE];
    await userEvent.click(button);

    expect(await screen.findByText("The session has ended.")).toBeVisible();
    await waitFor(() => {
      expect(screen.queryByText("Chrome on Windows")).not.toBeInTheDocument();
    });
  });

  it("says why a session could not be ended", async () => {
    signedIn({ [`DELETE ${PATH}/chrome`]: () => sendProblem({ status: 403, code: "csrf" }) });
    await userEvent.click(await endChrome());

    expect(await screen.findByText("This page is no longer signed in. Reload it, then try again.")).toBeVisible();
    expect(await endChrome()).toBeEnabled();
  });

  it("ends all others once that is confirmed", async () => {
    const { calls } = signedIn();
    await userEvent.click(await screen.findByRole("button", { name: "End all others…" }));
    const dialog = await screen.findByRole("dialog", { name: "End all other sessions?" });
    expect(calls).not.toContain(`POST ${PATH}/end-others`);
    await userEvent.click(within(dialog).getByRole("button", { name: "End all others" }));

    expect(await screen.findByText("All other sessions have ended.")).toBeVisible();
    await waitFor(() => {
      expect(screen.queryByRole("button", { name: "End all others…" })).not.toBeInTheDocument();
    });
    expect(screen.getByText("Firefox on Linux")).toBeVisible();
    expect(screen.getByRole("heading", { name: "Sessions" })).toHaveFocus();
  });

  it("shows a failure with a way to try again, and the empty state", async () => {
    let up = false;
    signedIn({ [`GET ${PATH}`]: () => (up ? { items: [] } : sendProblem({ status: 403, code: "forbidden" })) });
    expect(await screen.findByRole("alert")).toHaveTextContent("Sessions could not be loaded");

    up = true;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("There is no open session.")).toBeVisible();
  });

  it("shows loading", async () => {
    signedIn({ [`GET ${PATH}`]: () => new Promise(() => undefined) });
    expect(await screen.findByText("Loading sessions…")).toBeInTheDocument();
  });
});
