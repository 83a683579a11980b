import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { ActiveSwitch } from "../../api/types";
import { fakeApi } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";

const maintenance: ActiveSwitch = {
  name: "maintenance",
  scope: "platform",
  target: null,
  effect: "The API refuses changes.",
  message: "We update the database",
  changed_by: null,
  since: "2026-11-20T11:55:00Z",
  until: null,
};
const switches = (items: ActiveSwitch[]) => ({ items, available: [], gateways: [] });

describe("the banner of switches", () => {
  it("says what is stopped and why, and follows the stream", async () => {
    fakeApi({ "GET /api/v1/switches": () => switches([maintenance]) });
    renderApp();
    const banner = await screen.findByRole("region", { name: "Switches" });
    expect(banner).toHaveTextContent("Maintenance: nothing can be changed now. The platform says: “We update the database”.");

    const stopped = { ...maintenance, name: "stop_webhooks", scope: "tenant", target: "hotmart", message: "new account" };
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("switches.changed", { items: [stopped] }, "");
    expect(await screen.findByText(/Webhooks of hotmart are stopped: it sends them again later\. Message: “new account”/)).toBeVisible();
    FakeEventSource.latest.emit("switches.changed", { items: [] }, "");
    await waitFor(() => {
      expect(screen.queryByRole("region", { name: "Switches" })).toBeNull();
    });
  });
});
