import { screen, within, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { gatewayConfiguration, gatewayHealth, listedGateway, NO_WEBHOOKS, receivedWebhook, secret } from "../../test/builders/gateways";
import { identity } from "../../test/builders/identity";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";

type Handlers = NonNullable<Parameters<typeof fakeApi>[0]>;

const MAY = identity({ permissions: ["read", "gateways.change", "switches.change"] });
const HOTMART = "/api/v1/gateways/hotmart";

function gateways(handlers: Handlers = {}, address = "/gateways/hotmart", who = MAY) {
  const api = fakeApi(
    {
      "GET /api/v1/gateways": () => ({ items: [listedGateway()] }),
      [`GET ${HOTMART}`]: () => gatewayConfiguration(),
      [`GET ${HOTMART}/secrets`]: () => ({ items: [secret()] }),
      [`GET ${HOTMART}/stats`]: () => ({ health: gatewayHealth(), hours: [] }),
      "GET /api/v1/webhooks": () => pageOf([receivedWebhook()]),
      ...handlers,
    },
    who,
  );
  renderApp(address);
  return api;
}

describe("the list of gateways", () => {
  it("shows which one is silent compared with its usual, and which are not set up", async () => {
    const silent = gatewayHealth({ silent_since: "2026-11-20T09:00:00Z", counts: { ...NO_WEBHOOKS, accepted: 3, rejected: 2 } });
    gateways(
      {
        "GET /api/v1/gateways": () => ({
          items: [
            listedGateway({ name: "kiwify", configured: false, secrets: [], health: gatewayHealth({ last_at: null }) }),
            listedGateway(),
            listedGateway({ name: "stripe", health: silent }),
          ],
        }),
      },
      "/gateways",
    );

    expect(await screen.findByRole("row", { name: /Stripe.*Silent.*usually one every 4 minutes.*3.*2/ })).toBeVisible();
    expect(screen.getByRole("row", { name: /Hotmart.*On.*1,204/ })).toBeVisible();
    expect(screen.getAllByRole("row").at(-1)).toHaveTextContent(/Kiwify.*Not set up/);
  });

  it("says that they could not be loaded", async () => {
    gateways({ "GET /api/v1/gateways": () => sendProblem({ status: 503, code: "unavailable" }) }, "/gateways");
    expect(await screen.findByText("The gateways could not be loaded")).toBeVisible();
  });
});

describe("the page of a gateway", () => {
  it("shows its URL, and each webhook with its answer and the fix of a refusal", async () => {
    const refused = receivedWebhook({ id: "r", state: "refused", type: null, status: 401, code: "token_mismatch", payment_id: null, remote: "203.0.113.7" });
    gateways({ "GET /api/v1/webhooks": () => pageOf([receivedWebhook(), refused]) });

    expect(await screen.findByText(gatewayConfiguration().url ?? "")).toBeVisible();
    const [accepted, second] = within(await screen.findByRole("list", { name: "Last webhooks" })).getAllByRole("listitem");
    expect(accepted).toHaveTextContent("202 Accepted");
    expect(second).toHaveTextContent(/401 Refused.*Wrong token.*203\.0\.113\.7.*Copy it again from the gateway/);
  });

  it("leads a new gateway through its own steps, and says first that the address is local", async () => {
    let saved: unknown;
    gateways({
      [`GET ${HOTMART}`]: () => gatewayConfiguration({ configured: false, url: "http://127.0.0.1:8080/x", reachable: false }),
      [`PUT ${HOTMART}`]: ({ body }) => {
        saved = body;
        return gatewayConfiguration();
      },
    });

    expect(await screen.findByText(/The gateway cannot reach it/)).toBeVisible();
    const field = screen.getByLabelText("Hottok");
    expect(field).toHaveAttribute("autocomplete", "off");
    expect(field).toHaveAttribute("type", "text");
    await userEvent.type(field, " tok ");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => {
      expect(saved).toMatchObject({ enabled: true, secret: { secret: "tok" } });
    });
  });

  it("replaces a secret in steps, and offers to retire the old one only once the new one was used", async () => {
    let items = [secret()];
    const { calls } = gateways({
      [`GET ${HOTMART}/secrets`]: () => ({ items }),
      [`POST ${HOTMART}/secrets`]: ({ body }) => {
        const added = secret({ label: (body as { label: string }).label, last_used_at: null });
        items = [added, ...items];
        return added;
      },
      [`POST ${HOTMART}/secrets/2026-10/retire`]: () => {
        items = items.slice(0, 1);
        return { items };
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Change the secret…" }));
    await userEvent.type(screen.getByLabelText("Hottok"), "new");
    await userEvent.click(within(screen.getByRole("region", { name: "Secrets" })).getByRole("button", { name: "Save" }));

    expect(await screen.findByText(/Waiting for the first webhook with it/)).toBeVisible();
    expect(screen.queryByRole("button", { name: /Retire/ })).toBeNull();

    items = items.map((each) => ({ ...each, last_used_at: "2026-11-20T12:00:00Z" }));
    FakeEventSource.latest.open();
    await userEvent.click(await screen.findByRole("button", { name: "2026-10: Retire…" }));
    await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Retire" }));
    expect(await screen.findByRole("button", { name: "Change the secret…" })).toBeVisible();
    expect(calls).toContain(`POST ${HOTMART}/secrets/2026-10/retire`);
  });

  it("saves the settings only over the version that was seen", async () => {
    const bodies: unknown[] = [];
    gateways({
      [`PUT ${HOTMART}`]: ({ body }) => {
        bodies.push(body);
        return sendProblem({ status: 412, code: "precondition_failed" });
      },
    });
    const settings = await screen.findByRole("region", { name: "Settings" });
    await userEvent.click(within(settings).getByLabelText("Test mode"));
    await userEvent.type(within(settings).getByLabelText(/Allowed networks/), "203.0.113.0/24");
    await userEvent.click(within(settings).getByRole("button", { name: "Save" }));

    expect(await within(settings).findByRole("alert")).toBeVisible();
    expect(bodies).toEqual([{ enabled: true, mode: "native", accept: ["live"], allowed_networks: ["203.0.113.0/24"], timezone: null }]);
  });

  it("says what the gateway will see before it pauses it, and resumes it", async () => {
    const bodies: unknown[] = [];
    const stop = { name: "stop_webhooks", scope: "tenant", target: "hotmart", effect: "", message: "moving", changed_by: null, since: "2026-11-20T12:00:00Z", until: null };
    let items: unknown[] = [];
    gateways({
      "GET /api/v1/switches": () => ({ items, available: [], gateways: [] }),
      "PUT /api/v1/switches": ({ body }) => {
        bodies.push(body);
        items = (body as { on: boolean }).on ? [stop] : [];
        return { items, available: [], gateways: [] };
      },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Pause…" }));
    const dialog = screen.getByRole("dialog");
    expect(dialog).toHaveTextContent("503");
    expect(dialog).toHaveTextContent("keeps 60 days of them");
    await userEvent.type(within(dialog).getByLabelText(/^Why/), "moving");
    await userEvent.click(within(dialog).getByRole("button", { name: "Pause" }));

    await userEvent.click(await screen.findByRole("button", { name: "Resume" }));
    expect(await screen.findByRole("button", { name: "Pause…" })).toBeVisible();
    expect(bodies).toEqual([
      { name: "stop_webhooks", on: true, target: "hotmart", message: "moving" },
      { name: "stop_webhooks", on: false, target: "hotmart" },
    ]);
  });

  it("lets a viewer look, and change nothing", async () => {
    gateways({}, "/gateways/hotmart", identity());
    expect(await screen.findByRole("button", { name: "Pause…" })).toBeDisabled();
    expect(screen.getByRole("button", { name: "Send a sample" })).toBeDisabled();
  });

  it("leads back from a gateway that does not exist", async () => {
    gateways({}, "/gateways/nonesuch");
    expect(await screen.findByRole("link", { name: "All gateways" })).toHaveAttribute("href", "/gateways");
  });
});
