import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { conversion } from "../../test/builders/conversions";
import { trustChange, trustEntry } from "../../test/builders/customers";
import { detection } from "../../test/builders/detections";
import { fakeApi, pageOf } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { feedRows, renderFeed } from "../../test/feedScreen";

describe("the details of a decision", () => {
  const degraded = detection({ degraded: ["velocity"], payment_id: "stripe:pi_9" });

  async function openDetails() {
    const { calls } = fakeApi({
      "GET /api/v1/detections": () => pageOf([degraded]),
      [`GET /api/v1/detections/${degraded.id}`]: () => degraded,
      "GET /api/v1/conversions": () =>
        pageOf([
          conversion({ status: "failed", attempts: 3, reason: "token expired" }),
          conversion({ id: "unmatched", match: { method: "none", confidence: 0, click_id: null } }),
        ]),
      [`GET /api/v1/customers/${degraded.customer_id ?? ""}`]: () => ({
        id: degraded.customer_id,
        trust_score: 4,
        status: "neutral",
        created_at: degraded.created_at,
        updated_at: degraded.created_at,
        history: [
          trustEntry({ version: 3, status: "blocked", cause: "status_set", actor: "ana@shop.example", reason: "stolen card" }),
          trustEntry({ version: 2, score_before: 54, cause: "dispute_opened" }),
        ],
      }),
    });
    await renderFeed();
    // What was fetched before the stream was live is fetched again.
    await waitFor(() => {
      expect(calls.filter((call) => call.startsWith("GET /api/v1/overview"))).toHaveLength(2);
    });
    await userEvent.click(screen.getByRole("button", { name: "R$297.00, details" }));
    return { dialog: await screen.findByRole("dialog", { name: "Decision" }), calls };
  }

  it("show detectors, missing detectors, trust and attempts", async () => {
    const { dialog } = await openDetails();

    expect(await within(dialog).findByText("Trust history")).toBeVisible();
    expect(dialog).toHaveTextContent("0.42 ms");
    expect(dialog).toHaveTextContent("Decided without Velocity");
    expect(await within(dialog).findByText("Dispute opened")).toBeVisible();
    expect(dialog).toHaveTextContent("Blocked by ana@shop.example: stolen card");
    expect(dialog).toHaveTextContent("3 attempts");
    expect(dialog).toHaveTextContent("token expired");
    expect(dialog).toHaveTextContent("matched by click ID (100%)");
    expect(dialog).toHaveTextContent("Purchase · no matching click");
  });

  it("refetch the customer, payment and conversions that the stream reports a change to", async () => {
    const { dialog, calls } = await openDetails();
    await within(dialog).findByText("Dispute opened");
    const requests = (path: string) => calls.filter((call) => call === `GET /api/v1/${path}`).length;
    const customer = `customers/${degraded.customer_id ?? ""}`;
    const payment = "payments/stripe%3Api_9";
    const conversions = "conversions?payment_id=stripe%3Api_9";
    expect([customer, payment, conversions].map(requests)).toEqual([1, 1, 1]);

    FakeEventSource.latest.emit("trust.updated", trustChange());
    await waitFor(() => {
      expect([customer, payment, conversions].map(requests)).toEqual([2, 1, 1]);
    });

    FakeEventSource.latest.emit("conversion.dispatched", conversion({ payment_id: degraded.payment_id }));
    await waitFor(() => {
      expect([customer, payment, conversions].map(requests)).toEqual([2, 2, 2]);
    });
  });

  it("close and show the list again", async () => {
    const { dialog } = await openDetails();
    await userEvent.click(within(dialog).getByRole("button", { name: "Close" }));

    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(feedRows()).toHaveLength(1);
  });
});
