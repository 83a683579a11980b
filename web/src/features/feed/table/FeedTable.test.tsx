import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { conversion } from "../../../test/builders/conversions";
import { detection, detections } from "../../../test/builders/detections";
import { fakeApi, pageOf } from "../../../test/fakeApi";
import { feedRows, renderFeed } from "../../../test/feedScreen";

describe("the feed's table", () => {
  it("shows the decision, its payment and its reasons in a row", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf([detection({ decision: "block", risk_score: 91 })]) });
    await renderFeed();

    const [row] = feedRows();
    expect(row).toHaveTextContent("Blocked");
    expect(row).toHaveTextContent("91");
    expect(row).toHaveTextContent("R$297.00");
    expect(row).toHaveTextContent("StripePaid");
    expect(row).toHaveTextContent("+12First payment of this customer");
  });

  it("gives truncated texts in full on hover and to screen readers", async () => {
    const reasons = ["velocity.card.1m", "trust_history.low_trust", "trust_history.disputes"];
    const crowded = detection({
      reasons,
      points: reasons.map((reason, index) => ({ reason, detector: "any", points: 30 - index, figures: null })),
      override: "blocked",
    });
    fakeApi({
      "GET /api/v1/detections": () => pageOf([crowded]),
      "GET /api/v1/conversions": () => pageOf([conversion({ status: "failed", reason: "token expired" })]),
    });
    await renderFeed();
    await screen.findByText("Not accepted by Meta");

    const [row] = feedRows();
    for (const hidden of [crowded.customer_id ?? "", "token expired", "An earlier payment was disputed", "Nov 20, 2026"]) {
      expect(row).toHaveTextContent(hidden);
      expect(within(screen.getByRole("table")).getByTitle(new RegExp(hidden))).toBeVisible();
    }
    expect(row).toHaveTextContent("On the blocklist");
    expect(row).toHaveTextContent("+30Many attempts in 1 minute by this card+29Low trust score+1 more");
  });

  it("shows the reasons of an earlier decision without points", async () => {
    const former = detection({ decision: "block", risk_score: 100, reasons: ["list.blocked"], points: [] });
    fakeApi({ "GET /api/v1/detections": () => pageOf([former]) });
    await renderFeed();

    expect(feedRows()[0]).toHaveTextContent("The customer is on the blocklist");
    expect(feedRows()[0]).not.toHaveTextContent("+");
  });

  it("opens a row clicked anywhere", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf([detection()]) });
    await renderFeed();
    await userEvent.click(screen.getByText("First payment of this customer"));

    expect(await screen.findByRole("dialog", { name: "Decision" })).toBeVisible();
  });

  it("moves focus from row to row with the arrow keys", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf(detections(2)) });
    await renderFeed();
    const [first, second] = feedRows().map((row) => within(row).getByRole("button"));
    first?.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect(second).toHaveFocus();
    await userEvent.keyboard("{ArrowUp}");
    expect(first).toHaveFocus();
  });
});
