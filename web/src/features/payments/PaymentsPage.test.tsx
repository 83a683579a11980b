import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { identity } from "../../test/builders/identity";
import { listedPayments, story } from "../../test/builders/payments";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { paymentRows, renderPayments } from "../../test/paymentList";
import { renderApp } from "../../test/renderApp";

const analyst = identity({ role: "analyst", permissions: ["read", "payments.give_verdicts", "views.save"] });
const FIRST = "stripe:pi_older_0";
const STORY = `GET /api/v1/payments/${encodeURIComponent(FIRST)}/story`;
const VERDICT = `POST /api/v1/payments/${encodeURIComponent(FIRST)}/verdict`;

describe("the page of payments", () => {
  it("leads to the first steps while there are no payments", async () => {
    fakeApi();
    renderApp();

    expect(await screen.findByText("No payments yet")).toBeVisible();
    expect(screen.getByRole("link", { name: "Connect a gateway" })).toHaveAttribute("href", "/welcome");
  });

  it("says which filters are on if nothing matches, and clears them", async () => {
    const { calls } = fakeApi();
    renderApp("/payments?decision=block&range=7d");
    await screen.findByText("Nothing matches these filters");
    await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));

    expect(await screen.findByText("No payments yet")).toBeVisible();
    expect(calls.some((call) => /payments\?limit=50&decision=block&from=\S+Z$/.test(call))).toBe(true);
  });

  it("asks for what the filters say, and removes from the address what it does not know", async () => {
    const { calls } = fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(1)) });
    renderApp("/payments?gateway=nope&state=paid&min_risk=101&verdict=none");
    await screen.findByRole("table");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Decision" }), "Blocked");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Gateway" }), "Hotmart");

    await waitFor(() => {
      expect(calls).toContain("GET /api/v1/payments?limit=50&decision=block&verdict=none&gateway=hotmart");
    });
    expect(calls).toContain("GET /api/v1/payments?limit=50&verdict=none");
  });

  it("offers the views, and saves the filters as a view without what was searched for", async () => {
    const save = vi.fn(({ body }: { body: unknown }) => ({ ...(body as object), id: "v1", delivered: false }));
    const delivered = { id: "v0", page: "payments", name: "blocked_but_paid", query: { decision: "block", state: "succeeded" }, shared: true, delivered: true };
    fakeApi({ "GET /api/v1/views": () => ({ items: [delivered] }), "POST /api/v1/views": save }, analyst);
    renderApp("/payments?q=HP77");
    await userEvent.click(await screen.findByRole("link", { name: "Blocked but paid" }));
    await waitFor(() => {
      expect(screen.getByRole("combobox", { name: "Money" })).toHaveDisplayValue("Paid");
    });
    await userEvent.click(screen.getByRole("button", { name: "Save view" }));
    const dialog = screen.getByRole("dialog");
    await userEvent.type(within(dialog).getByRole("textbox", { name: "Name" }), "Look at");
    expect(within(dialog).queryByRole("checkbox")).toBeNull();
    await userEvent.click(within(dialog).getByRole("button", { name: "Save view" }));

    await waitFor(() => {
      expect(save.mock.lastCall?.[0].body).toEqual({
        page: "payments",
        name: "Look at",
        shared: false,
        query: { decision: "block", state: "succeeded" },
      });
    });
  });
});

describe("a verdict in the panel", () => {
  async function openFirst(verdict: () => unknown, user = analyst) {
    const given = vi.fn(verdict);
    const payments = listedPayments(1);
    fakeApi({ "GET /api/v1/payments": () => pageOf(payments), [STORY]: () => story({}, { id: FIRST }), [VERDICT]: given }, user);
    await renderPayments();
    await userEvent.click(screen.getByRole("button", { name: /details$/ }));
    const panel = await screen.findByRole("complementary", { name: "Payment" });
    await within(panel).findByRole("button", { name: "Fraud" });
    return { panel, given };
  }

  it("shows at once, also in the list", async () => {
    const { given } = await openFirst(() => new Promise(() => undefined));
    await userEvent.keyboard("f");

    expect(paymentRows()[0]).toHaveTextContent("Judged as fraud");
    expect(given.mock.lastCall).toEqual([expect.objectContaining({ body: { verdict: "fraud", expected: "withdrawn" } })]);
  });

  it("is taken back if the API refuses it", async () => {
    await openFirst(() => sendProblem({ status: 409, code: "case_held", detail: "Another person has it open." }));
    await userEvent.keyboard("a");

    await waitFor(() => {
      expect(paymentRows()[0]).not.toHaveTextContent("Judged");
    });
  });

  it("is not offered without the permission, and says who may", async () => {
    const { panel, given } = await openFirst(() => undefined, identity({ role: "viewer" }));
    await userEvent.keyboard("f");

    expect(within(panel).getByRole("button", { name: "Fraud" })).toBeDisabled();
    expect(given).not.toHaveBeenCalled();
  });
});

describe("a verdict on several payments", () => {
  it("is counted first, then given", async () => {
    const judge = vi.fn(({ body }: { body: unknown }) => {
      const { ids, dry_run = false } = body as { ids: string[]; dry_run?: boolean };
      return { dry_run, given: 1, unchanged: 1, unknown: 0, held: 0, stale: 0, results: ids.map((id) => ({ id, outcome: "given" })) };
    });
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)), "POST /api/v1/payments/bulk": judge }, analyst);
    await renderPayments();
    await userEvent.click(screen.getByRole("checkbox", { name: "Select" }));
    const bar = await screen.findByRole("region", { name: "Selected payments" });
    await userEvent.click(within(bar).getByRole("button", { name: "Fraud" }));
    const dialog = await screen.findByRole("dialog", { name: "Judge 2 payments as fraud?" });
    expect(await within(dialog).findByText("1 payment has it already.")).toBeVisible();
    await userEvent.click(within(dialog).getByRole("button", { name: "Judge 1 as fraud" }));

    await waitFor(() => {
      expect(screen.queryByRole("region", { name: "Selected payments" })).toBeNull();
    });
    const dryRuns = judge.mock.calls.map(([{ body }]) => (body as { dry_run?: boolean }).dry_run);
    expect(dryRuns[0]).toBe(true);
    expect(dryRuns.filter((dryRun) => dryRun !== true)).toEqual([undefined]);
  });

  it("leaves alone what another person has judged meanwhile, and says so", async () => {
    const judge = vi.fn(({ body }: { body: unknown }) => {
      const { ids, dry_run = false } = body as { ids: string[]; dry_run?: boolean };
      const results = ids.map((id, index) => ({ id, outcome: index === 0 ? "stale" : "given" }));
      return { dry_run, given: 1, unchanged: 0, unknown: 0, held: 0, stale: 1, results };
    });
    const payments = listedPayments(2);
    fakeApi({ "GET /api/v1/payments": () => pageOf(payments), "POST /api/v1/payments/bulk": judge }, analyst);
    await renderPayments();
    await userEvent.click(screen.getByRole("checkbox", { name: "Select" }));
    await userEvent.click(within(await screen.findByRole("region", { name: "Selected payments" })).getByRole("button", { name: "Fraud" }));
    const dialog = await screen.findByRole("dialog", { name: "Judge 2 payments as fraud?" });
    expect(await within(dialog).findByText(/another verdict by now/)).toBeVisible();
    await userEvent.click(within(dialog).getByRole("button", { name: "Judge 1 as fraud" }));
    const seen = Object.fromEntries(payments.map(({ id }) => [id, "withdrawn"]));
    await waitFor(() => {
      expect(judge.mock.lastCall?.[0].body).toEqual({ ids: Object.keys(seen), verdict: "fraud", expected: seen });
    });

    expect(await screen.findByText(/1 payment judged\. 1 payment has another verdict/)).toBeVisible();
    await userEvent.keyboard("z");
    await waitFor(() => {
      expect(judge.mock.lastCall?.[0].body).toMatchObject({ verdict: "withdrawn", expected: { [payments[1]?.id ?? ""]: "fraud" } });
    });
  });
});
