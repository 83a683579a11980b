import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { identity } from "../../test/builders/identity";
import { job } from "../../test/builders/problems";
import { fakeApi, pageOf } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";

const ID = "cus_282a2fe6";
const PATH = `/api/v1/customers/${ID}`;
const ERASURE = job({ kind: "customer.erase", state: "done", counts: { "trust.accounts": 1 } });

it("counts first, asks for the customer's id, erases once and shows the receipt", async () => {
  const erase = vi.fn();
  fakeApi(
    {
      [`GET ${PATH}`]: () => ({ id: ID, trust_score: 52, status: "neutral", people: [ID] }),
      [`GET ${PATH}/status`]: () => ({ status: "neutral", expires_at: null, actor: null, reason: null }),
      [`POST ${PATH}/erase`]: ({ body }) => {
        const { confirm = null, dry_run = false } = body as { confirm?: string | null; dry_run?: boolean };
        if (!dry_run) erase(confirm);
        return { dry_run, people: [ID], payments: 3, counts: dry_run ? { "ingest.webhooks": 6, "trust.accounts": 1 } : null, job: dry_run ? null : ERASURE };
      },
      [`GET /api/v1/jobs/${ERASURE.id}`]: () => ERASURE,
      "GET /api/v1/customers": () => pageOf(),
    },
    identity({ permissions: ["read", "customers.erase"] }),
  );
  renderApp(`/customers/${ID}`);
  await userEvent.click(await screen.findByRole("button", { name: "Erase…" }));
  const dialog = await screen.findByRole("dialog", { name: "Erase this person’s data?" });
  expect(await within(dialog).findByText("7 rows will be erased or changed. 3 payments stay.")).toBeVisible();
  expect(within(dialog).getByRole("button", { name: "Erase" })).toBeDisabled();
  await userEvent.type(within(dialog).getByRole("textbox"), ID);
  await userEvent.click(within(dialog).getByRole("button", { name: "Erase" }));

  expect(await screen.findByText(/This is the receipt/)).toBeVisible();
  expect(erase).toHaveBeenCalledExactlyOnceWith(ID);
  await userEvent.click(screen.getByRole("button", { name: "Customers" }));
  await waitFor(() => {
    expect(screen.queryByText(/This is the receipt/)).toBeNull();
  });
});
