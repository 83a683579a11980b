import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { conversion } from "../../../test/builders/conversions";
import { trustChange } from "../../../test/builders/customers";
import { detection, detections } from "../../../test/builders/detections";
import { fakeApi, pageOf } from "../../../test/fakeApi";
import { feedRows, renderFeed } from "../../../test/feedScreen";

describe("the live feed", () => {
  it("adds reported decisions, and updates their rows", async () => {
    fakeApi({ "GET /api/v1/detections": () => pageOf(detections(2)) });
    const stream = await renderFeed();
    stream.emit("detection.created", detection({ amount_minor: 4_800, currency: "JPY" }));

    await waitFor(() => {
      expect(feedRows()).toHaveLength(3);
    });
    expect(feedRows()[0]).toHaveTextContent("¥4,800");

    stream.emit("trust.updated", trustChange());
    stream.emit("conversion.dispatched", conversion());
    await waitFor(() => {
      expect(feedRows()[0]).toHaveTextContent("Sent to Meta");
    });
    expect(feedRows()[0]).toHaveTextContent(/Trust52.*up 2/);
  });

  it("shows a payment once, by its newest decision", async () => {
    const known = detection({ version: 2, risk_score: 40, decision: "review" });
    fakeApi({ "GET /api/v1/detections": () => pageOf([...detections(1), known]) });
    const stream = await renderFeed();
    stream.emit("detection.created", detection({ id: "late", version: 1 }));
    stream.emit(
      "detection.created",
      detection({ id: "newer", version: 4, risk_score: 85, decision: "block", created_at: "2026-11-20T12:00:09.000000Z" }),
    );

    await waitFor(() => {
      expect(feedRows()[0]).toHaveTextContent(/Blocked.*85/);
    });
    expect(feedRows()).toHaveLength(2);
  });

  it("marks a conversion that should not have been sent", async () => {
    fakeApi({
      "GET /api/v1/detections": () => pageOf([detection()]),
      "GET /api/v1/conversions": () => pageOf([conversion()]),
    });
    const stream = await renderFeed();
    stream.emit("conversion.correction_changed", conversion({ correction: "blocked" }));

    expect(await screen.findByText("should not have been sent: payment is blocked now", { exact: false })).toBeVisible();
    expect(feedRows()[0]).toHaveTextContent("Sent to Meta · should not have been sent: payment is blocked now");

    stream.emit("conversion.correction_changed", conversion({ updated_at: "2026-11-20T12:00:09.000000Z" }));
    await waitFor(() => {
      expect(feedRows()[0]).not.toHaveTextContent("should not have been sent");
    });
  });

  it("fetches the trust scores that customers had before", async () => {
    const { calls } = fakeApi({
      "GET /api/v1/detections": () => pageOf(detections(2)),
      "GET /api/v1/customers": () => pageOf([{ id: detection().customer_id, trust_score: 61 }]),
    });
    await renderFeed();

    await waitFor(() => {
      expect(feedRows()[0]).toHaveTextContent("Trust61");
    });
    expect(calls).toContain(`GET /api/v1/customers?ids=${detection().customer_id ?? ""}&limit=100`);
  });

  it("loads older decisions", async () => {
    fakeApi({
      "GET /api/v1/detections": ({ query }) =>
        query.get("cursor") === "next" ? pageOf([detection({ id: "oldest" })]) : pageOf(detections(1), "next"),
    });
    await renderFeed();
    await userEvent.click(screen.getByRole("button", { name: "Load older" }));

    await waitFor(() => {
      expect(feedRows()).toHaveLength(2);
    });
    expect(screen.queryByRole("button", { name: "Load older" })).not.toBeInTheDocument();
  });

  it("refetches after a gap in the stream", async () => {
    let known = detections(1);
    fakeApi({ "GET /api/v1/detections": () => pageOf(known) });
    const stream = await renderFeed();
    known = detections(3);
    stream.emit("reset", {});

    await waitFor(() => {
      expect(feedRows()).toHaveLength(3);
    });
  });
});
