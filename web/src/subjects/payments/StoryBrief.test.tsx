import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { conversion } from "../../test/builders/conversions";
import { detection } from "../../test/builders/detections";
import { listedPayment, story } from "../../test/builders/payments";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";

const PATH = "GET /api/v1/payments/stripe%3Api_1/story";

async function openBrief(answer: () => unknown) {
  const asked = vi.fn(answer);
  fakeApi({ "GET /api/v1/payments": () => pageOf([listedPayment()]), [PATH]: asked });
  renderApp("/payments?open=stripe%3Api_1");
  const panel = await screen.findByRole("complementary", { name: "Payment" });
  return { panel, asked };
}

describe("the story in brief", () => {
  it("says decision, money and conversion together, and points that add up to the risk", async () => {
    const kept = conversion({ status: "suppressed", reason: "blocked" });
    const decided = detection({ decision: "block", risk_score: 91 });
    const { panel } = await openBrief(() =>
      story(
        {
          decisions: { status: "ok", items: [{ ...decided, points: [{ reason: "velocity.card.1h", detector: "velocity", points: 87, figures: null }, ...decided.points.map((each) => ({ ...each, points: 4 }))] }] },
          conversions: { status: "ok", items: [conversion(), kept] },
          outlook: [{ part: "conversions", when: "never", code: "blocked", reason: "It is kept back.", id: kept.id, due_at: null }],
        },
        { decision: { id: decided.id, decision: "block", risk_score: 91, version: 1, created_at: decided.created_at } },
      ),
    );

    expect(await screen.findByText("Why 91")).toBeVisible();
    expect(panel).toHaveTextContent("Blocked·Paid, not refunded·Kept from Meta");
    expect(panel).toHaveTextContent("+87First payment of this customer+4Risk91");
    expect(panel).toHaveTextContent("Will not happen: It is kept back because the payment is blocked.");
    expect(panel).toHaveTextContent("Decision: Allowed+8 ms");
  });

  it("follows the stream", async () => {
    const { asked } = await openBrief(() => story());
    await screen.findByText("Why 12");
    FakeEventSource.latest.open();
    const before = asked.mock.calls.length;
    FakeEventSource.latest.emit("conversion.dispatched", conversion({ payment_id: "stripe:pi_other" }));
    FakeEventSource.latest.emit("conversion.dispatched", conversion());

    await waitFor(() => {
      expect(asked.mock.calls.length).toBeGreaterThan(before);
    });
  });

  it("says that it failed, and tries again", async () => {
    let up = false;
    const { panel } = await openBrief(() => (up ? story() : sendProblem({ status: 503, code: "unavailable" })));
    await screen.findByText("The story of this payment could not be loaded");
    up = true;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));

    expect(await screen.findByText("Why 12")).toBeVisible();
    expect(panel).not.toHaveTextContent("could not be loaded");
  });
});
