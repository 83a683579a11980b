import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { listedPayment, listedPayments, story } from "../../../test/builders/payments";
import { fakeApi, pageOf } from "../../../test/fakeApi";
import { paymentRows, renderPayments } from "../../../test/paymentList";

describe("the table of payments", () => {
  it("shows decision, money, buyer, reasons and conversion in a row", async () => {
    const conversion = { status: "suppressed", reason: "blocked", code: null, correction: null, waiting_for: null, count: 1 } as const;
    fakeApi({ "GET /api/v1/payments": () => pageOf([listedPayment({ conversion }, { decision: "block", risk_score: 91 })]) });
    await renderPayments();

    const [row] = paymentRows();
    for (const text of ["Blocked", "91", "R$297.00", "Paid, not refundedStripe", "Trust50", "+12First payment of this customer", "Kept from Meta: The payment is blocked."]) {
      expect(row).toHaveTextContent(text);
    }
  });

  it("gives truncated texts in full on hover and to screen readers", async () => {
    const points = ["velocity.card.1m", "trust_history.low_trust"].map((reason, index) => ({ reason, detector: "any", points: 30 - index, figures: null }));
    const conversion = { status: "failed", reason: "token expired", code: null, correction: null, waiting_for: null, count: 1 } as const;
    const crowded = listedPayment({ conversion }, { points, more_reasons: 1, override: "blocked" });
    fakeApi({ "GET /api/v1/payments": () => pageOf([crowded]) });
    await renderPayments();

    const [row] = paymentRows();
    for (const hidden of [crowded.buyer?.customer_id ?? "", "token expired", "Low trust score"]) {
      expect(row).toHaveTextContent(hidden);
      expect(within(screen.getByRole("table")).getByTitle(new RegExp(hidden))).toBeVisible();
    }
    expect(row).toHaveTextContent("On the blocklist+30Many attempts in 1 minute by this card+29Low trust score+1 more");
  });

  it("says how many decisions a payment has had, and what a person judged", async () => {
    const verdict = { verdict: "fraud", reason: null, actor: "bia@shop.example", given_at: "2026-11-20T12:00:00Z" } as const;
    fakeApi({ "GET /api/v1/payments": () => pageOf([listedPayment({ decisions: 3 }), listedPayment({ id: "stripe:pi_2", verdict })]) });
    await renderPayments();

    expect(paymentRows().map((row) => /3 decisions|Judged as fraud/.exec(row.textContent)?.[0])).toEqual(["Judged as fraud", "3 decisions"]);
  });

  it("opens a row clicked anywhere, and goes on with j while it is open", async () => {
    fakeApi({
      "GET /api/v1/payments": () => pageOf(listedPayments(2)),
      "GET /api/v1/payments/stripe%3Api_older_0/story": () => story({}, { id: "stripe:pi_older_0" }),
      "GET /api/v1/payments/stripe%3Api_older_1/story": () => story({}, { id: "stripe:pi_older_1", amount_minor: 1_000 }),
    });
    await renderPayments();
    await userEvent.click(screen.getAllByText("First payment of this customer")[0] ?? document.body);
    const panel = await screen.findByRole("complementary", { name: "Payment" });
    expect(await within(panel).findByText("R$297.00")).toBeVisible();

    await userEvent.keyboard("j");
    expect(await within(panel).findByText("R$10.00")).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("complementary", { name: "Payment" })).toBeNull();
  });

  it("moves focus from row to row with the arrow keys", async () => {
    fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)) });
    await renderPayments();
    const [first, second] = paymentRows().map((row) => within(row).getByRole("button"));
    first?.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect(second).toHaveFocus();
    await userEvent.keyboard("{ArrowUp}");
    expect(first).toHaveFocus();
  });
});
