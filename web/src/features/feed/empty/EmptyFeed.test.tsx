import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { fakeApi } from "../../../test/fakeApi";
import { renderApp } from "../../../test/renderApp";

describe("the empty feed", () => {
  it("shows how to send the first webhook", async () => {
    fakeApi();
    renderApp();

    expect(await screen.findByText("Waiting for the first payment")).toBeVisible();
    const [settings, request] = screen.getAllByRole("region", { name: "Command" });
    expect(settings).toHaveTextContent("orylo gateway set minha-loja hotmart");
    expect(request).toHaveTextContent("/api/v1/webhooks/hotmart/minha-loja");
  });

  it("offers to clear a filter that matches nothing", async () => {
    fakeApi();
    renderApp("/payments?decision=block");
    await userEvent.click(await screen.findByRole("button", { name: "Show all" }));

    expect(await screen.findByText("Waiting for the first payment")).toBeVisible();
  });
});
