import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { ConfiguredDestination, DestinationActivity } from "../../api/types";
import { destination } from "../../test/builders/destinations";
import { identity } from "../../test/builders/identity";
import { fakeApi, sendProblem } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";
import { formatDateTime } from "../../ui/format/time";

type Handlers = NonNullable<Parameters<typeof fakeApi>[0]>;

const MAY = identity({ permissions: ["read", "destinations.change", "destinations.check"] });
const { id } = destination();
const META = `/api/v1/destinations/${id}`;

const configured = (changes: Partial<ConfiguredDestination> = {}): ConfiguredDestination => ({
  id,
  kind: "meta",
  name: "main",
  enabled: true,
  config: { pixel_id: "1234567890", test_event_code: null, site_url: null },
  created_at: "2026-11-01T12:00:00Z",
  updated_at: "2026-11-01T12:00:00Z",
  ...changes,
});

const activity = (changes: Partial<DestinationActivity> = {}): DestinationActivity => ({
  status: "active",
  since: null,
  reason: null,
  code: null,
  token_expires_at: null,
  waiting: 5,
  oldest_waiting: "2026-11-20T11:00:00Z",
  dispatched: 1257,
  failed: 2,
  suppressed: 31,
  last_dispatched_at: "2026-11-20T11:59:00Z",
  ...changes,
});

function destinations(handlers: Handlers = {}, address = `/destinations/${id}`, who = MAY) {
  const api = fakeApi(
    {
      "GET /api/v1/destinations": () => ({ items: [destination()] }),
      [`GET ${META}`]: () => configured(),
      [`GET ${META}/activity`]: () => activity(),
      ...handlers,
    },
    who,
  );
  renderApp(address);
  return api;
}

describe("the list of destinations", () => {
  it("names the state and what is wrong", async () => {
    destinations({}, "/destinations");
    expect(await screen.findByRole("row", { name: /Meta \(main\).*On hold.*The token has expired/ })).toBeVisible();
  });

  it("says when the token expires, and marks it in its last week", async () => {
    const ends = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    destinations(
      {
        "GET /api/v1/destinations": () => ({
          items: [
            destination({ name: "far", token_expires_at: ends(30) }),
            destination({ id: "0190c5a2-0000-7000-8000-0000000000e2", name: "near", token_expires_at: ends(3) }),
            destination({ id: "0190c5a2-0000-7000-8000-0000000000e3", name: "past", token_expires_at: ends(-1) }),
            destination({ id: "0190c5a2-0000-7000-8000-0000000000e4", name: "endless" }),
          ],
        }),
      },
      "/destinations",
    );
    const row = (name: string) => screen.getByRole("row", { name: new RegExp(`Meta \\(${name}\\)`) });
    await screen.findByRole("row", { name: /Meta \(far\)/ });

    expect(row("far")).toHaveTextContent(formatDateTime(ends(30)).slice(0, 8));
    expect(row("far")).not.toHaveTextContent("within 7 days");
    expect(row("near")).toHaveTextContent("within 7 days");
    expect(row("past")).toHaveTextContent(/(?<!has )expired/);
    expect(row("endless")).toHaveTextContent("–");
  });

  it("adds Meta with a token that is never shown, and opens its page", async () => {
    let body: unknown;
    destinations(
      {
        "GET /api/v1/destinations": () => ({ items: [] }),
        "POST /api/v1/destinations": (request) => {
          body = request.body;
          return configured();
        },
      },
      "/destinations",
    );
    await userEvent.click(await screen.findByRole("button", { name: "Add Meta" }));
    const dialog = await screen.findByRole("dialog");
    await userEvent.type(within(dialog).getByLabelText(/^Dataset id/), "1234567890");
    const token = within(dialog).getByLabelText("Access token");
    expect(token).toHaveAttribute("autocomplete", "off");
    await userEvent.type(token, "EAAB");
    await userEvent.click(within(dialog).getByRole("button", { name: "Add Meta" }));

    expect(await screen.findByRole("heading", { level: 1, name: "Meta (main)" })).toBeVisible();
    expect(body).toEqual({
      kind: "meta",
      name: "default",
      token: "EAAB",
      config: { pixel_id: "1234567890", test_event_code: null, site_url: null },
    });
  });
});

describe("the page of a destination", () => {
  it("says whether conversions arrive, and leads to those that failed", async () => {
    destinations();
    const health = await screen.findByRole("region", { name: "Does it arrive?" });
    expect(await within(health).findByText("1,257")).toBeVisible();
    expect(within(health).getByRole("link", { name: "See what failed" })).toHaveAttribute(
      "href",
      `/problems/dead-letters?destination=meta&destination_id=${id}`,
    );
  });

  it("says when the token expires, if that is known", async () => {
    destinations({ [`GET ${META}/activity`]: () => activity({ token_expires_at: "2099-01-28T09:00:00Z" }) });
    const health = await screen.findByRole("region", { name: "Does it arrive?" });
    expect(await within(health).findByText("Token expires")).toBeVisible();
    expect(within(health).getByText(formatDateTime("2099-01-28T09:00:00Z"))).toBeVisible();
  });

  it("probes now and shows the answer", async () => {
    destinations({
      [`POST ${META}/probe`]: () => ({ accepted: false, outcome: "token", code: "190/463", reason: "The token has expired.", trace_id: "AbC", duration_ms: 120 }),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Probe now" }));
    const answer = await screen.findByRole("status", { name: "Meta's answer" });
    expect(answer).toHaveTextContent("The token was refused");
    expect(answer).toHaveTextContent("The token has expired. (190/463)");
  });

  it("sends a test event by the code, and shows Meta's ids of it", async () => {
    let body: unknown;
    destinations({
      [`POST ${META}/test`]: (request) => {
        body = request.body;
        return { accepted: true, outcome: "dispatched", code: null, reason: null, trace_id: "AbC123", duration_ms: 80, event_id: "orylo:test:1" };
      },
    });
    await userEvent.type(await screen.findByLabelText("Test event code"), "TEST1");
    await userEvent.click(screen.getByRole("button", { name: "Send a test event" }));
    const answer = await screen.findByRole("status", { name: "Meta's answer" });
    expect(answer).toHaveTextContent("fbtrace_id AbC123");
    expect(answer).toHaveTextContent("event_id orylo:test:1");
    expect(body).toEqual({ test_event_code: "TEST1" });
  });

  it("keeps the stored token unless another is typed, and says that someone else was quicker", async () => {
    const bodies: unknown[] = [];
    destinations({
      [`PUT ${META}`]: ({ body }) => {
        bodies.push(body);
        return sendProblem({ status: 412, code: "precondition_failed" });
      },
    });
    const settings = await screen.findByRole("region", { name: "Settings" });
    await userEvent.type(within(settings).getByLabelText(/^Your shop's address/), "https://shop.example");
    await userEvent.click(within(settings).getByRole("button", { name: "Save" }));

    expect(await within(settings).findByRole("alert")).toBeVisible();
    expect(bodies).toEqual([
      { enabled: true, config: { pixel_id: "1234567890", test_event_code: null, site_url: "https://shop.example" } },
    ]);
  });

  it("disables after it has said what waits, and enables again", async () => {
    let enabled = true;
    destinations({
      [`GET ${META}`]: () => configured({ enabled }),
      [`PUT ${META}`]: ({ body }) => {
        ({ enabled } = body as { enabled: boolean });
        return configured({ enabled });
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Disable…" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("longer than seven days");
    await userEvent.click(within(dialog).getByRole("button", { name: "Disable" }));
    await userEvent.click(await screen.findByRole("button", { name: "Enable" }));
    expect(await screen.findByRole("button", { name: "Disable…" })).toBeVisible();
  });

  it("lets a viewer look, and change nothing", async () => {
    destinations({}, `/destinations/${id}`, identity());
    expect(await screen.findByRole("button", { name: "Disable…" })).toBeDisabled();
    expect(await screen.findByRole("button", { name: "Probe now" })).toBeDisabled();
  });

  it("leads back from one that does not exist", async () => {
    destinations({ [`GET ${META}`]: () => sendProblem({ status: 404, code: "not_found" }) });
    expect(await screen.findByRole("link", { name: "All destinations" })).toBeVisible();
  });
});
