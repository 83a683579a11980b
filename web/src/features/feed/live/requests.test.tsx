import { act, waitFor } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";

import { conversion } from "../../../test/builders/conversions";
import { trustChange } from "../../../test/builders/customers";
import { destination } from "../../../test/builders/destinations";
import { detection, detections } from "../../../test/builders/detections";
import { overview } from "../../../test/builders/overview";
import { fakeApi, pageOf } from "../../../test/fakeApi";
import { FakeEventSource } from "../../../test/fakeEventSource";
import { feedRows, renderFeed } from "../../../test/feedScreen";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  return () => {
    vi.useRealTimers();
  };
});

const pass = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

async function liveFeed() {
  const { calls } = fakeApi({ "GET /api/v1/detections": () => pageOf(detections(2)) });
  const stream = await renderFeed();
  await pass(1_000);
  calls.length = 0;
  return { calls, stream };
}

it("the feed asks for nothing in a minute of live events, and shows them all", async () => {
  const { calls, stream } = await liveFeed();
  const { period, today, last_24h, last_7d } = overview({ payments_succeeded: 60 });
  const destinations = [destination({ id: conversion().destination_id, status: "unavailable" })];
  for (let second = 0; second < 60; second += 1) {
    const customer_id = `cus_${second}`;
    const [id, payment_id] = [`det-${second}`, `stripe:pi_second_${second}`];
    const created_at = `2026-11-20T13:00:${String(second).padStart(2, "0")}.000000Z`;
    stream.emit("detection.created", detection({ id, payment_id, customer_id, created_at }));
    stream.emit("customer.seen", { customer_id, trust_score: 61, version: 3, updated_at: created_at });
    if (second % 2 === 0) stream.emit("trust.updated", trustChange({ customer_id, version: 4, trust_score: 63, score_before: 61 }));
    stream.emit("conversion.matched", conversion({ id: `conv-${second}`, payment_id, status: "pending" }));
    if (second % 3 === 0) {
      stream.emit("conversion.suppressed", conversion({ id: `conv-${second}`, payment_id, status: "suppressed", reason: "no consent" }));
    }
    const hour = { at: "2026-11-20T13:00:00Z", counts: today.counts };
    stream.emit("overview.updated", { generated_at: created_at, period, today, last_24h, last_7d, hour, open_dead_letters: 0, destinations }, "");
    await pass(1_000);
  }
  window.dispatchEvent(new Event("visibilitychange"));
  await pass(1_000);

  expect(calls).toEqual([]);
  expect(feedRows()).toHaveLength(62);
  // The newest is from second 59, a multiple neither of 2 nor of 3.
  expect(feedRows()[0]).toHaveTextContent(/Trust61/);
  expect(feedRows()[0]).toHaveTextContent("Queued for Meta: Waits for the destination, which is unavailable");
  expect(feedRows()[1]).toHaveTextContent(/Trust63.*up 2/);
});

it("the feed polls while the stream is not live, and asks once when it is live again", async () => {
  const { calls } = await liveFeed();
  FakeEventSource.latest.fail();
  await pass(700);
  FakeEventSource.latest.fail();
  const paths = () => calls.map((call) => call.split("?")[0]).filter((path) => path !== "GET /api/v1/auth/me").sort();
  expect(paths()).toEqual([]);
  await pass(15_000);
  const polled = ["GET /api/v1/conversions", "GET /api/v1/customers", "GET /api/v1/destinations", "GET /api/v1/detections", "GET /api/v1/switches"];
  await waitFor(() => {
    expect(paths()).toEqual(polled);
  });

  calls.length = 0;
  FakeEventSource.latest.open();
  await pass(500);
  expect(paths()).toEqual(polled);
  calls.length = 0;
  for (let second = 0; second < 60; second += 4) {
    FakeEventSource.latest.emit("heartbeat", {}, "");
    await pass(4_000);
  }
  expect(paths()).toEqual([]);
});
