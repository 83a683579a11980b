import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { Onboarding, StepState } from "../../api/types";
import { gatewayConfiguration, listedGateway, receivedWebhook } from "../../test/builders/gateways";
import { detection } from "../../test/builders/detections";
import { identity } from "../../test/builders/identity";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";
import { parseAddress, STEPS } from "./address";

type Handlers = NonNullable<Parameters<typeof fakeApi>[0]>;

const MAY = identity({ permissions: ["read", "gateways.change", "destinations.change", "tracking.check"] });
const step = (name: (typeof STEPS)[number], changes: Partial<StepState> = {}): StepState => ({
  step: name,
  done: false,
  skipped: false,
  done_at: null,
  detail: null,
  payment_id: null,
  ...changes,
});
const onboarding = (changes: Partial<Record<(typeof STEPS)[number], Partial<StepState>>> = {}, dismissed = false): Onboarding => {
  const steps = STEPS.map((name) => step(name, changes[name]));
  return { steps, done: steps.filter(({ done }) => done).length, dismissed };
};

function welcome(handlers: Handlers = {}, address = "/welcome") {
  const api = fakeApi(
    {
      "GET /api/v1/onboarding": () => onboarding(),
      "GET /api/v1/gateways": () => ({ items: [listedGateway()] }),
      "GET /api/v1/gateways/hotmart": () => gatewayConfiguration({ configured: false }),
      "GET /api/v1/webhooks": () => pageOf(),
      ...handlers,
    },
    MAY,
  );
  renderApp(address);
  return api;
}

describe("the first steps", () => {
  it("show sample sales on one click, and remove them again", async () => {
    let sales = 0;
    welcome({
      "GET /api/v1/onboarding/sample-data": () => ({ sales }),
      "PUT /api/v1/onboarding/sample-data": () => {
        sales = 8;
        return { sales };
      },
      "DELETE /api/v1/onboarding/sample-data": () => {
        sales = 0;
        return {};
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Show sample sales" }));
    expect(await screen.findByRole("link", { name: "To the payments" })).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Remove the sample sales" }));

    expect(await screen.findByRole("button", { name: "Show sample sales" })).toBeVisible();
    expect(sales).toBe(0);
  });

  it("begin with the first that is open, and are ticked by facts", async () => {
    welcome({ "GET /api/v1/onboarding": () => onboarding({ gateway: { done: true }, sale: { done: true, payment_id: "hotmart:HP1" } }) });
    expect(await screen.findByRole("heading", { name: "Send to Meta" })).toBeVisible();
    expect(screen.getByText(/^2 of 5 steps are done/)).toBeVisible();

    await userEvent.click(screen.getByRole("button", { name: "See a sale (done)" }));
    expect(await screen.findByRole("link", { name: "Open your first sale" })).toHaveAttribute("href", "/payments/hotmart%3AHP1");
  });

  it("connect a gateway in its own words, while accepted and refused webhooks appear beside it", async () => {
    let items: unknown[] = [];
    welcome({ "GET /api/v1/webhooks": () => pageOf(items) });
    await userEvent.click(await screen.findByRole("button", { name: /^Hotmart/ }));

    expect(await screen.findByText(/Open Tools → Webhook and create a configuration of version 2\.0\.0/)).toBeVisible();
    expect(await screen.findByText(/appear here at once/)).toBeVisible();
    items = [receivedWebhook({ state: "refused", status: 401, type: null, payment_id: null, code: "token_mismatch" })];
    const list = await screen.findByRole("list", { name: "Last webhooks" }, { timeout: 8_000 });
    expect(list).toHaveTextContent("401 Refused");
    expect(list).toHaveTextContent("Copy it again from the gateway and add it.");
  }, 15_000);

  it("are ticked as soon as the stream reports the fact", async () => {
    let now = onboarding({ gateway: { done: true } });
    welcome({ "GET /api/v1/onboarding": () => now });
    expect(await screen.findByRole("button", { name: "See a sale (open)" })).toBeVisible();

    now = onboarding({ gateway: { done: true }, sale: { done: true, payment_id: "hotmart:HP1" } });
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("detection.created", detection());
    expect(await screen.findByRole("button", { name: "See a sale (done)" }, { timeout: 5_000 })).toBeVisible();
  });

  it("say first that the address is local", async () => {
    welcome({ "GET /api/v1/gateways": () => ({ items: [listedGateway({ reachable: false })] }) });
    expect(await screen.findByText(/The gateway cannot reach it/)).toBeVisible();
  });

  it("can be skipped one by one, and hidden", async () => {
    const bodies: unknown[] = [];
    welcome({
      "PUT /api/v1/onboarding": ({ body }) => {
        bodies.push(body);
        return onboarding();
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Skip this step" }));
    expect(await screen.findByRole("heading", { name: "See a sale" })).toBeVisible();
    await userEvent.click(await screen.findByRole("button", { name: "Don't show this any more" }));
    await waitFor(() => {
      expect(bodies).toEqual([
        { dismissed: false, skipped: ["gateway"] },
        { dismissed: true, skipped: [] },
      ]);
    });
  });

  it("check a page for the script, and say what is wrong with it", async () => {
    let body: unknown;
    welcome(
      {
        "POST /api/v1/tracking/check": (request) => {
          body = request.body;
          return { url: "https://shop.example/", status: 200, found: true, script_url: null, tenant: "x", problems: [{ code: "other_tenant", detail: "d" }] };
        },
        "GET /api/v1/tracking/stats": () => ({ visits: 775, with_click_id: 473, checkouts: 0, leads: 0, last_at: "2026-11-20T12:00:00Z", days: [] }),
      },
      "/welcome?step=tracking",
    );
    expect(await screen.findByText('<script async src="https://in.orylo.example/t.js" data-tenant="minha-loja"></script>')).toBeVisible();
    expect(await screen.findByText(/775 visits.*473 of them/)).toBeVisible();
    await userEvent.type(screen.getByLabelText("Address of a page"), "shop.example/");
    await userEvent.click(screen.getByRole("button", { name: "Check a page" }));
    expect(await screen.findByText("The script names another shop. Use the line above.")).toBeVisible();
    expect(body).toEqual({ url: "https://shop.example/" });
  });

  it("say that they could not be loaded", async () => {
    welcome({ "GET /api/v1/onboarding": () => sendProblem({ status: 503, code: "unavailable" }) });
    expect(await screen.findByText("The first steps could not be loaded")).toBeVisible();
  });
});

describe("the address of the first steps", () => {
  it.each([
    ["step=team&gateway=kiwify", { step: "team", gateway: "kiwify" }],
    ["step=none&gateway=paypal&x=1", { step: undefined, gateway: undefined }],
  ])("reads %s", (query, address) => {
    expect(parseAddress(new URLSearchParams(query))).toEqual(address);
  });
});
