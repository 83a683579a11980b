import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { PaymentStory } from "../../api/types";
import { conversion } from "../../test/builders/conversions";
import { trustChange } from "../../test/builders/customers";
import { identity } from "../../test/builders/identity";
import { detection } from "../../test/builders/detections";
import { story } from "../../test/builders/payments";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";
import { clearToasts } from "../../ui/feedback/toasts";

const PATH = "/api/v1/payments/stripe%3Api_1";
const STATUS = `/api/v1/customers/${story().payment.customer_id ?? ""}/status`;
const ADDRESS = "/payments/stripe%3Api_1";
const user = identity({ permissions: ["read", "payments.give_verdicts", "notes.write", "webhooks.resend", "dead_letters.settle", "rules.snooze"] });

const webhook: PaymentStory["webhooks"]["items"][number] = {
  id: "w1",
  state: "accepted",
  gateway: "stripe",
  type: "payment_intent.succeeded",
  gateway_event_id: "evt_1",
  payment_id: "stripe:pi_1",
  message_type: "payment.succeeded.v1",
  status: 202,
  code: null,
  reason: null,
  deliveries: 2,
  remote: null,
  occurred_at: null,
  created_at: "2026-11-20T12:00:00.900000Z",
  last_received_at: "2026-11-20T12:00:02.000000Z",
};

const failed = conversion({ status: "failed", reason: "Too old", code: "100/2804003" });

function whole(changes: Partial<PaymentStory> = {}): PaymentStory {
  return story({
    webhooks: { status: "ok", items: [webhook] },
    conversions: { status: "ok", items: [failed] },
    timeline: [
      { at: webhook.created_at, offset_ms: 0, part: "webhooks", kind: "payment_intent.succeeded", id: "w1", detail: "accepted" },
      { at: "2026-11-20T12:00:01.000000Z", offset_ms: 8, part: "decisions", kind: "decided", id: detection().id, detail: "allow" },
      { at: "2026-11-22T12:00:01.000000Z", offset_ms: 172_800_000, part: "conversions", kind: "failed", id: failed.id, detail: "Too old" },
    ],
    outlook: [{ part: "trust", when: "not_yet", code: "no_effect", reason: "Not yet.", id: null, due_at: null }],
    ...changes,
  });
}

async function openPage(handlers: Parameters<typeof fakeApi>[0] = {}, signedInAs = user) {
  const api = fakeApi(
    {
      [`GET ${PATH}/story`]: () => whole(),
      [`GET ${PATH}/related`]: () => ({ groups: [] }),
      [`GET ${PATH}/notes`]: () => pageOf(),
      "GET /api/v1/settings": () => ({ items: [{ section: "detector", fields: [{ name: "review_at", value: 60 }, { name: "block_at", value: 80 }] }] }),
      ...handlers,
    },
    signedInAs,
  );
  renderApp(ADDRESS);
  await screen.findByRole("heading", { level: 1, name: "R$297.00" });
  return api;
}

/** The steps, without the lists inside them. */
function steps() {
  const [list] = within(screen.getByRole("region", { name: "Story" })).getAllByRole("list");
  return [...(list?.children ?? [])].map(({ textContent }) => textContent);
}

beforeEach(clearToasts);

describe("the story of a payment", () => {
  it("tells the steps with their distances, then what is still open", async () => {
    await openPage();

    expect(steps()).toEqual([
      expect.stringMatching(/^Webhook payment_intent\.succeeded accepted\+0 ms/),
      expect.stringMatching(/^Decision: Allowed\+8 ms/),
      expect.stringMatching(/^Not accepted by Meta Too old\+2 d/),
      "Not yet: It has not changed the buyer’s trust. A clean payment counts some days after it was made.",
    ]);
    expect(await screen.findByText("In review from 60, blocked from 80.")).toBeVisible();
  });

  it("shows a webhook's payload on request, and reads the webhook again", async () => {
    const resend = vi.fn(() => ({ id: "w1", status: "already_reported", message_type: null, reason: null }));
    const { calls } = await openPage({
      "GET /api/v1/webhooks/w1/payload": () => ({ payload: { email: "••• hashed" } }),
      "POST /api/v1/webhooks/w1/resend": resend,
    });
    expect(calls.join(" ")).not.toContain("/payload");
    await userEvent.click(screen.getByText("Webhook payment_intent.succeeded"));
    await userEvent.click(screen.getByRole("button", { name: "Payload, with personal values hashed" }));
    expect(await screen.findByText('"••• hashed"')).toBeVisible();

    await userEvent.click(screen.getByRole("button", { name: "Read this webhook again" }));
    expect(await screen.findByText("The webhook was read again.")).toBeVisible();
    expect(resend).toHaveBeenCalledOnce();
  });

  it("sends a failed conversion again", async () => {
    const retry = vi.fn(() => ({ dry_run: false }));
    await openPage({ "POST /api/v1/conversions/retry": retry });
    await userEvent.click(screen.getByText("Not accepted by Meta", { selector: "summary *" }));
    await userEvent.click(screen.getByRole("button", { name: "Send again" }));

    await waitFor(() => {
      expect(retry).toHaveBeenCalledWith(expect.objectContaining({ body: { ids: [failed.id] } }));
    });
  });

  it("judges by key, and withdraws", async () => {
    const judge = vi.fn(({ body }: { body: unknown }) => ({ ...(body as object) }));
    await openPage({ [`POST ${PATH}/verdict`]: judge });
    await userEvent.keyboard("f");
    await userEvent.click(await screen.findByRole("button", { name: "Withdraw verdict" }));

    await waitFor(() => {
      expect(judge.mock.calls.map(([{ body }]) => body)).toEqual([
        { verdict: "fraud", expected: "withdrawn" },
        { verdict: "withdrawn", expected: "fraud" },
      ]);
    });
  });

  it("says that another person has judged meanwhile, and shows their verdict", async () => {
    let now = whole();
    await openPage({
      [`GET ${PATH}/story`]: () => now,
      [`POST ${PATH}/verdict`]: () => {
        const verdict = { verdict: "legitimate", reason: null, actor: "bia@shop.example", given_at: "2026-11-20T12:00:00Z" } as const;
        now = { ...now, payment: { ...now.payment, verdict } };
        return sendProblem({ status: 412, code: "precondition_failed" });
      },
    });
    await userEvent.click(screen.getByRole("button", { name: "Fraud" }));

    expect(await screen.findByRole("alert")).toHaveTextContent(/^The verdict was not taken. Someone changed this meanwhile/);
    expect(await screen.findByText("Judged as legitimate by bia@shop.example")).toBeVisible();
    expect(screen.getByRole("button", { name: "Fraud" })).toHaveAttribute("aria-pressed", "false");
  });

  it("unblocks a blocked buyer over the status that was seen, and never over another person's", async () => {
    const status = { customer_id: whole().payment.customer_id, status: "blocked", expires_at: null, set_at: null, actor: "bia@shop.example", reason: "Fraud" };
    const tags: (string | null)[] = [];
    await openPage(
      {
        [`GET ${STATUS}`]: () => status,
        [`POST ${STATUS}`]: ({ headers }) => {
          tags.push(headers.get("If-Match"));
          return sendProblem({ status: 412, code: "precondition_failed" });
        },
      },
      identity({ permissions: ["read", "customers.set_status"] }),
    );
    expect(await within(screen.getByRole("region", { name: "Buyer" })).findByText("Blocked")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Unblock" }));

    expect(await screen.findByRole("alert")).toHaveTextContent("Not done: Someone changed this meanwhile.");
    expect(tags).toEqual([`"${encodeURIComponent(JSON.stringify(status))}"`]);
    expect(await screen.findByRole("button", { name: "Unblock" })).toBeVisible();
  });

  it("does not undo a block over the status that another person has set since", async () => {
    const neutral = { customer_id: "cus_1", status: "neutral", expires_at: null, set_at: null, actor: null, reason: null };
    let status: object = neutral;
    const block = vi.fn(({ body }: { body: unknown }) => {
      status = { ...neutral, ...(body as object), actor: "ana@shop.example" };
      return { ...status, accepted_at: "2026-11-20T12:00:00Z" };
    });
    const mayBlock = identity({ permissions: ["read", "customers.set_status"] });
    await openPage({ [`GET ${STATUS}`]: () => status, [`POST ${STATUS}`]: block }, mayBlock);
    await userEvent.click(screen.getByRole("button", { name: "Block buyer…" }));
    await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Block" }));
    const undo = await screen.findByRole("button", { name: "Undo" });

    status = { ...status, status: "allowlisted", actor: "bia@shop.example", reason: "Known customer" };
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("trust.updated", trustChange({ customer_id: whole().payment.customer_id ?? "" }));
    expect(await within(screen.getByRole("region", { name: "Buyer" })).findByText(/^Always allowed/)).toBeVisible();
    await userEvent.click(undo);

    expect(await screen.findByRole("alert")).toHaveTextContent("Not done: Someone else has set another status meanwhile.");
    expect(block).toHaveBeenCalledOnce();
  });

  it("takes notes, and keeps the text if that fails", async () => {
    let up = false;
    const add = vi.fn(() => (up ? { id: "n1" } : sendProblem({ status: 422, code: "validation", detail: "It holds a card's number." })));
    await openPage({ [`POST ${PATH}/notes`]: add });
    await userEvent.keyboard("n");
    await userEvent.type(await screen.findByRole("textbox", { name: "Note" }), "Called the buyer");
    await userEvent.click(screen.getByRole("button", { name: "Add note" }));
    expect(await screen.findByRole("alert")).toBeVisible();
    expect(screen.getByRole("textbox", { name: "Note" })).toHaveValue("Called the buyer");

    up = true;
    await userEvent.click(screen.getByRole("button", { name: "Add note" }));
    await waitFor(() => {
      expect(screen.getByRole("textbox", { name: "Note" })).toHaveValue("");
    });
  });

  it("shows the notes of others as they are written", async () => {
    const note = { id: "n1", text: "The order is real", author: "bia@loja.example", own: false, hints: [], created_at: webhook.created_at };
    let notes = pageOf();
    await openPage({ [`GET ${PATH}/notes`]: () => notes });
    FakeEventSource.latest.open();
    notes = pageOf([note]);
    FakeEventSource.latest.emit("note.changed", {
      note_id: "n1",
      payment_id: "stripe:pi_1",
      customer_id: null,
      change: "added",
      author: note.author,
    });

    expect(await screen.findByText("The order is real")).toBeVisible();
  });

  it("offers to send the conversion of a blocked payment, and no other", async () => {
    const kept = whole({ conversions: { status: "ok", items: [conversion({ status: "suppressed", reason: "blocked" })] } });
    await openPage({ [`GET ${PATH}/story`]: () => kept }, identity({ permissions: ["read", "conversions.send_blocked"] }));
    expect(screen.getByRole("button", { name: "Send to Meta anyway…" })).toBeVisible();

    cleanup();
    const test = whole({ conversions: { status: "ok", items: [conversion({ status: "suppressed", reason: "test" })] } });
    await openPage({ [`GET ${PATH}/story`]: () => test }, identity({ permissions: ["read", "conversions.send_blocked"] }));
    expect(screen.queryByRole("button", { name: "Send to Meta anyway…" })).toBeNull();
  });

  it("goes to a step by its number", async () => {
    await openPage();
    await userEvent.keyboard("2");

    const { activeElement } = document;
    expect(activeElement?.tagName).toBe("SUMMARY");
    expect(steps()[1]).toContain(activeElement?.textContent);
  });

  it("says which parts failed, and shows the others", async () => {
    await openPage({ [`GET ${PATH}/story`]: () => whole({ deliveries: { status: "failed", items: [] } }) });

    expect(screen.getByText(/The delivery attempts could not be loaded/)).toBeVisible();
    expect(steps()).toHaveLength(4);
  });

  it("adds steps as the stream reports them", async () => {
    let now = whole({ timeline: [] });
    await openPage({ [`GET ${PATH}/story`]: () => now });
    FakeEventSource.latest.open();
    now = whole();
    FakeEventSource.latest.emit("conversion.failed", failed);

    await waitFor(() => {
      expect(steps()).toHaveLength(4);
    });
  });

  it("shows what a viewer may not do as disabled", async () => {
    await openPage({}, identity({ role: "viewer" }));
    await userEvent.keyboard("f");

    expect(screen.getByRole("button", { name: "Fraud" })).toBeDisabled();
    expect(screen.getByRole("textbox", { name: "Note" })).toBeDisabled();
  });
});

it("a payment that is not known is said, without a retry", async () => {
  fakeApi({ [`GET ${PATH}/story`]: () => sendProblem({ status: 404, code: "not_found" }) });
  renderApp(ADDRESS);

  expect(await screen.findByText("The story of this payment could not be loaded")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  expect(screen.getByRole("link", { name: "Payments", current: false })).toHaveAttribute("href", "/payments");
});
