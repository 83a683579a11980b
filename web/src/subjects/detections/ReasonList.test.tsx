import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { detection } from "../../test/builders/detections";
import { renderUi } from "../../test/renderUi";
import { DetectorList } from "./DetectorList";
import { ReasonList } from "./ReasonList";
import { detectionWords } from "./words";

await detectionWords.read("en");

const POINTS = [
  { reason: "velocity.card.1m", detector: "velocity", points: 58, figures: null },
  { reason: "velocity.card.1h", detector: "velocity", points: 29, figures: null },
  { reason: "trust_history.new_customer", detector: "trust_history", points: 4, figures: null },
  { reason: "amount_anomaly.tenant", detector: "amount_anomaly", points: 0, figures: null },
];

const scored = (name: string, score: number, reasons: string[]) => ({ name, score, reasons, duration_us: 100, otherwise: null });

const blocked = detection({
  decision: "block",
  risk_score: 91,
  reasons: POINTS.map((each) => each.reason),
  points: POINTS,
  detectors: [
    scored("velocity", 100, ["velocity.card.1m", "velocity.card.1h"]),
    scored("amount_anomaly", 0, ["amount_anomaly.no_history"]),
    scored("trust_history", 15, ["trust_history.new_customer"]),
  ],
});

const cells = () => screen.getAllByRole("row").slice(1).map((row) => within(row).getAllByRole("cell").at(-1)?.textContent);

describe("the reasons of a decision", () => {
  it("have points that add up to the risk shown below them", async () => {
    await renderUi(<ReasonList detection={blocked} />);

    const [risk, ...points] = cells().reverse();
    expect(risk).toBe("91");
    expect(points.reduce((sum, each) => sum + Number(each), 0)).toBe(91);
    expect(screen.getByText("Many attempts in 1 minute by this card")).toBeVisible();
  });

  it("are set apart from a list entry that overrides the risk", async () => {
    await renderUi(<ReasonList detection={detection({ decision: "block", override: "blocked" })} />);

    expect(screen.getByText(/the list decided, not the risk/)).toHaveTextContent("On the blocklist");
    expect(cells()).toEqual(["+12", "12"]);
  });

  it("state the figures behind them", async () => {
    const points = [{ reason: "entity_risk.product", detector: "entity_risk", points: 12, figures: { frauds: 3, payments: 41 } }];
    await renderUi(<ReasonList detection={detection({ reasons: ["entity_risk.product"], points })} />);

    expect(screen.getByText("Much fraud with this product (3 of 41 payments)")).toBeVisible();
  });

  it("state the decision without each detector that found something", async () => {
    const otherwise = { risk_score: 4, decision: "allow" as const };
    const detectors = [
      { ...scored("card_testing", 90, ["velocity.card.1m"]), otherwise },
      { ...scored("custom_rules", 0, []), otherwise: { risk_score: 91, decision: "review" as const } },
      { ...scored("geo_mismatch", 0, []), otherwise: null },
    ];
    await renderUi(<ReasonList detection={{ ...blocked, detectors }} />);

    expect(screen.getAllByRole("listitem").map((each) => each.textContent)).toEqual([
      "Without card testing: allowed, risk 4",
      "Without rules of the shop: in review, risk 91",
    ]);
  });

  it("are shown without points if the decision has none", async () => {
    await renderUi(<ReasonList detection={detection({ risk_score: 100, reasons: ["list.blocked"], points: [] })} />);

    expect(screen.getByText("The customer is on the blocklist")).toBeVisible();
    expect(cells()).toEqual(["", "100"]);
  });

  it("may be missing", async () => {
    await renderUi(<ReasonList detection={detection({ risk_score: 0, reasons: [], points: [] })} />);

    expect(screen.getByText("No detector found anything suspicious.")).toBeVisible();
  });
});

describe("the detectors of a decision", () => {
  const entries = () => screen.getAllByRole("listitem").map((each) => each.textContent);

  it("show what each contributed, and its remarks", async () => {
    await renderUi(<DetectorList detection={blocked} />);

    expect(entries()).toEqual([
      expect.stringMatching(/^Velocity\+87.*Scored 100 of 100 on its own$/),
      expect.stringMatching(/^Amount anomaly0.*Too few earlier payments to compare the amount with$/),
      expect.stringMatching(/^Trust history\+4/),
    ]);
  });

  it("show their scores if the decision has no points", async () => {
    await renderUi(<DetectorList detection={{ ...blocked, points: [] }} />);

    expect(entries()[0]).toMatch(/^Velocity100/);
  });
});
