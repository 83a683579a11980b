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
    expect(row).toHaveTextContent("New customer");
  });

  it("gives truncated texts in full on hover and to screen readers", async () => {
    const crowded = detection({ reasons: ["list.blocked", "trust_history.low_trust", "trust_history.disputes"] });
    fakeApi({
      "GET /api/v1/detections": () => pageOf([crowded]),
      "GET /api/v1/conversions": () => pageOf([conversion({ status: "failed", reason: "token expired" })]),
    });
    await renderFeed();
    await screen.findByText("Not accepted by Meta");

    const [row] = feedRows();
    for (const hidden of [crowded.customer_id ?? "", "token expired", "Earlier dispute", "Nov 20, 2026"]) {
      expect(row).toHaveTextContent(hidden);
      expect(within(screen.getByRole("table")).getByTitle(new RegExp(hidden))).toBeVisible();
    }
  });

  it("opens a row clicked anywhere", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf([detection()]) });
    await renderFeed();
    await userEvent.click(screen.getByText("New customer"));

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
