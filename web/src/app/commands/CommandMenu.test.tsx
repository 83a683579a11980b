import { screen, within, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { fakeApi } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";
import { type Command, commandsFor } from "./commands";

const HIT = {
  kind: "payment",
  id: "hotmart:HP7741",
  path: "/payments/hotmart%3AHP7741",
  found_by: "email",
  state: "paid",
  amount_minor: 12_500,
  currency: "BRL",
  order_id: "1047",
  created_at: "2026-03-14T15:09:26Z",
};

async function openMenu(handlers: Parameters<typeof fakeApi>[0] = {}) {
  const api = fakeApi(handlers);
  renderApp("/account");
  await screen.findByRole("heading", { name: "Account security" });
  await userEvent.keyboard("{Control>}k{/Control}");
  return { ...api, field: await screen.findByRole("combobox", { name: "Search or do something" }) };
}

describe("the command menu", () => {
  beforeEach(() => {
    localStorage.removeItem("orylo.commands");
  });

  it("goes to a page by the keyboard alone", async () => {
    const { field } = await openMenu();
    await userEvent.type(field, "custom{Enter}");

    expect(await screen.findByRole("heading", { name: "Customers", level: 1 })).toBeVisible();
    expect(screen.queryByRole("combobox", { name: "Search or do something" })).not.toBeInTheDocument();
  });

  it("moves with the arrow keys", async () => {
    const { field } = await openMenu();
    await userEvent.type(field, "{ArrowDown}{ArrowDown}");

    expect(screen.getByRole("option", { selected: true })).toHaveTextContent("Review");
    await userEvent.tab();
    expect(document.title).toBe("Account security · Orylo");
    expect(field).toBeVisible();
  });

  it("finds a thing by a text, which it sends in the body and stores nowhere", async () => {
    let sent: unknown;
    const { calls, field } = await openMenu({
      "POST /api/v1/search": ({ body }) => {
        sent = body;
        return { hits: [HIT] };
      },
    });
    await userEvent.type(field, "ana@shop.example");
    const found = await screen.findByRole("option", { name: /Payment HP7741/ });
    expect(within(found).getByText(/R\$125\.00 · order 1047/)).toBeVisible();
    expect(sent).toEqual({ text: "ana@shop.example" });
    await userEvent.click(found);

    await waitFor(() => {
      expect(document.title).toBe("Payment · Orylo");
    });
    expect(calls.join()).not.toContain("ana@");
    expect(Object.entries(localStorage).join()).not.toMatch(/ana@|HP7741/);
  });

  it("acts, and shows what was chosen last first", async () => {
    const { field } = await openMenu();
    await userEvent.type(field, "keyboard{Enter}");
    expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Close" }));

    await userEvent.keyboard("{Control>}k{/Control}");
    expect((await screen.findAllByRole("option"))[0]).toHaveTextContent("Keyboard shortcuts");
    expect(screen.getByText("Recent")).toBeVisible();
  });
});

describe("the lines for a text", () => {
  const command = (id: string, label: string, group: Command["group"] = "pages"): Command => ({
    id,
    group,
    label,
    icon: "list",
    run: () => undefined,
  });
  const all = [command("o", "Visão geral"), command("r", "Revisão"), command("t", "Tema escuro", "actions")];
  const found = (text: string, recent: string[] = []) => commandsFor(text, all, [], recent).map(({ id }) => id);

  it("ignore accents and case, and put the beginnings of words first", () => {
    expect(found("VISAO")).toEqual(["o", "r"]);
    expect(found("geral")).toEqual(["o"]);
    expect(found("escuro tema")).toEqual(["t"]);
    expect(found("nada")).toEqual([]);
  });

  it("without a text are all, the recent ones first and once", () => {
    expect(found("", ["t", "gone"])).toEqual(["t", "o", "r"]);
  });
});
