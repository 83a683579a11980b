import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { job } from "../../test/builders/problems";
import { fakeApi, sendProblem } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";

const started = job({ kind: "payments.export", state: "queued", done: 0, total: null, counts: {} });
const READ = `GET /api/v1/jobs/${started.id}`;
const FILE = `/api/v1/jobs/${started.id}/file`;

/** Open the dialog of a page, and return it. */
async function openDialog(address: string): Promise<HTMLElement> {
  renderApp(address);
  await userEvent.click(await screen.findByRole("button", { name: "Export…" }));
  return screen.findByRole("dialog");
}

const press = (dialog: HTMLElement) => userEvent.click(within(dialog).getByRole("button", { name: "Export" }));

describe("the export of a list", () => {
  it.each([
    {
      address: "/payments?decision=block,review&min_amount=1000&currency=BRL&q=HP77&range=2026-11-01..2026-11-20",
      path: "POST /api/v1/payments/export",
      says: "The file gets the payments that match: Blocked · In review · BRL · Amount from R$10.00 · Nov 1, 2026 – Nov 20, 2026 · “HP77”.",
      filter: { decision: ["block", "review"], min_amount: 1000, currency: ["BRL"], q: "HP77", from: "2026-11-01T00:00:00.000Z", to: "2026-11-21T00:00:00.000Z" },
    },
    {
      address: "/customers?status=blocked&max_trust=20&seen=7d",
      path: "POST /api/v1/customers/export",
      says: "The file gets the customers that match: Blocked · Trust 20 or less · Last seen: Last 7 days.",
      filter: { status: ["blocked"], max_trust: 20, last_seen_from: expect.any(String) as string, last_seen_to: expect.any(String) as string },
    },
    {
      address: "/conversions?status=failed&gateway=hotmart&method=email&cause=190&range=2026-11-01..2026-11-20",
      path: "POST /api/v1/conversions/export",
      says: "The file gets the conversions that match: Nov 1, 2026 – Nov 20, 2026 · Failed · Hotmart · Email · 190.",
      filter: { status: "failed", gateway: ["hotmart"], method: ["email"], cause: "190", from: "2026-11-01T00:00:00.000Z", to: "2026-11-21T00:00:00.000Z" },
    },
  ])("has the filters of $address", async ({ address, path, says, filter }) => {
    const bodies: unknown[] = [];
    fakeApi({
      [path]: ({ body }) => {
        bodies.push(body);
        return started;
      },
      [READ]: () => started,
    });
    const dialog = await openDialog(address);
    expect(within(dialog).getByText(says)).toBeVisible();
    await userEvent.click(within(dialog).getByRole("radio", { name: "JSON lines" }));
    await press(dialog);

    expect(await screen.findByRole("region", { name: "Export of payments" })).toBeVisible();
    expect(bodies).toEqual([{ format: "ndjson", filter }]);
  });

  it("says that it has everything if nothing is filtered, and offers the file at the end", async () => {
    let state = started;
    const { calls } = fakeApi({ "POST /api/v1/payments/export": () => started, [READ]: () => state });
    const dialog = await openDialog("/payments");
    expect(within(dialog).getByText("The file gets all payments.")).toBeVisible();
    state = { ...started, state: "done", done: 3, total: 3, result: FILE, result_until: "2026-12-05T12:00:00Z" };
    await press(dialog);

    expect(await screen.findByRole("link", { name: "Download" })).toHaveAttribute("href", FILE);
    expect(calls).toContain("POST /api/v1/payments/export");
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    await waitFor(() => {
      expect(screen.queryByRole("region", { name: "Export of payments" })).toBeNull();
    });
  });

  it("says why it was refused", async () => {
    fakeApi({ "POST /api/v1/customers/export": () => sendProblem({ status: 429, code: "too_many_jobs" }) });
    const dialog = await openDialog("/customers");
    await press(dialog);

    expect(await within(dialog).findByRole("alert")).toBeVisible();
    expect(within(dialog).getByRole("button", { name: "Export" })).toBeEnabled();
  });
});
