import { expect, it } from "vitest";

import { destination } from "../../test/builders/destinations";
import { healthSummary } from "../../test/builders/health";
import { findingsOf } from "./findings";
import { words } from "./words.en";

const loud = (health: Parameters<typeof findingsOf>[1]) =>
  findingsOf(words, health).filter(({ status }) => status !== "ok").map(({ text, to }) => [text, to]);

it("a shop that is well has one quiet finding for each part", () => {
  expect(findingsOf(words, healthSummary()).map(({ part, status }) => [part, status])).toEqual([
    ["gateways", "ok"],
    ["decisions", "ok"],
    ["destinations", "ok"],
    ["dead_letters", "ok"],
    ["projection", "ok"],
  ]);
});

it("each gateway and destination that is not well is a finding, with its page", () => {
  const health = healthSummary({
    gateways: {
      status: "failed",
      detail: "",
      items: [
        { gateway: "stripe", status: "ok", last_at: null, silent_since: null, rejected: 0 },
        { gateway: "kiwify", status: "failed", last_at: null, silent_since: null, rejected: 14 },
        { gateway: "hotmart", status: "failed", last_at: null, silent_since: "2026-11-20T12:00:00Z", rejected: 0 },
      ],
    },
    destinations: { status: "failed", detail: "", items: [destination({ id: "1", status: "unavailable" }), destination({ id: "2", status: "active" })] },
  });

  expect(loud(health)).toEqual([
    ["Kiwify: all webhooks of the last 24 hours were refused", "/gateways/kiwify"],
    [expect.stringMatching(/^Hotmart has sent nothing since .+/), "/gateways/hotmart"],
    ["Meta (main) is unavailable: sales wait, none is lost", "/destinations/1"],
  ]);
});

it("a part that cannot be asked hides no other", () => {
  const health = healthSummary({
    gateways: { status: "missing", detail: "", items: [] },
    dead_letters: { status: "failed", detail: "", open: 3 },
    projection: { status: "failed", detail: "", lag_s: 42.31 },
  });

  expect(loud(health)).toEqual([
    ["The gateways cannot be asked now", "/gateways"],
    ["3 dead letters", "/problems/dead-letters"],
    ["What you see is 42.3 s behind. Nothing is lost", undefined],
  ]);
});
