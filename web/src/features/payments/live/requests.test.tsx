import { act, waitFor } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";

import { conversion } from "../../../test/builders/conversions";
import { trustChange } from "../../../test/builders/customers";
import { destination } from "../../../test/builders/destinations";
import { detection } from "../../../test/builders/detections";
import { listedPayments } from "../../../test/builders/payments";
import { overview } from "../../../test/builders/overview";
import { fakeApi, pageOf } from "../../../test/fakeApi";
import { FakeEventSource } from "../../../test/fakeEventSource";
import { paymentRows, renderPayments } from "../../../test/paymentList";
import { renderApp } from "../../../test/renderApp";

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  return () => {
    vi.useRealTimers();
  };
});

/** What the shell around the page asks for by itself. */
const OF_THE_SHELL = ["/auth/me", "/onboarding", "/me/preferences", "/problems/summary", "/review/summary"].map((path) => `GET /api/v1${path}`);
const ofThePage = (calls: readonly string[]) => calls.map((call) => call.split("?")[0] ?? "").filter((path) => !OF_THE_SHELL.includes(path)).sort();

const pass = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

async function liveList() {
  const { calls } = fakeApi({ "GET /api/v1/payments": () => pageOf(listedPayments(2)) });
  const stream = await renderPayments();
  await pass(1_000);
  calls.length = 0;
  return { calls, stream };
}

it("the list asks for nothing in a minute of live events, and shows them all", async () => {
  const { calls, stream } = await liveList();
  const { period, today, last_24h, last_7d } = overview({ payments_succeeded: 60 });
  const destinations = [destination({ id: conversion().destination_id, status: "unavailable" })];
  for (let second = 0; second < 60; second += 1) {
    const customer_id = `cus_${second}`;
    const [id, payment_id] = [`det-${second}`, `stripe:pi_second_${second}`];
    const occurred_at = `2026-11-20T13:00:${String(second).padStart(2, "0")}.000000Z`;
    stream.emit("detection.created", detection({ id, payment_id, customer_id, occurred_at }));
    stream.emit("customer.seen", { customer_id, trust_score: 61, version: 3, updated_at: occurred_at });
    if (second % 2 === 0) stream.emit("trust.updated", trustChange({ customer_id, version: 4, trust_score: 63, score_before: 61 }));
    stream.emit("conversion.matched", conversion({ id: `conv-${second}`, payment_id, status: "pending" }));
    if (second % 3 === 0) {
      stream.emit("conversion.suppressed", conversion({ id: `conv-${second}`, payment_id, status: "suppressed", reason: "no consent" }));
    }
    const hour = { at: "2026-11-20T13:00:00Z", counts: today.counts };
    stream.emit("overview.updated", { generated_at: occurred_at, period, today, last_24h, last_7d, hour, open_dead_letters: 0, destinations }, "");
    await pass(1_000);
  }
  window.dispatchEvent(new Event("visibilitychange"));
  await pass(1_000);

  expect(ofThePage(calls)).toEqual([]);
  expect(paymentRows()).toHaveLength(62);
  // The newest is from second 59, a multiple neither of 2 nor of 3.
  expect(paymentRows()[0]).toHaveTextContent(/Trust61/);
  expect(paymentRows()[0]).toHaveTextContent("Queued for Meta: Waits for the destination, which is unavailable");
  expect(paymentRows()[1]).toHaveTextContent(/Trust63.*up 2/);
});

it("the list asks once for each report of events left out, and for nothing else", async () => {
  const { calls, stream } = await liveList();
  for (let report = 0; report < 3; report += 1) {
    stream.emit("events.skipped", { payments: 750 });
    for (let second = 0; second < 15; second += 5) {
      stream.emit("heartbeat", {}, "");
      await pass(5_000);
    }
  }
  expect(ofThePage(calls)).toEqual(Array(3).fill("GET /api/v1/payments"));
});

it("the list polls while the stream is not live, and asks once when it is live again", async () => {
  const { calls } = await liveList();
  FakeEventSource.latest.fail();
  await pass(700);
  FakeEventSource.latest.fail();
  const paths = () => ofThePage(calls);
  expect(paths()).toEqual([]);
  await pass(15_000);
  const polled = ["GET /api/v1/destinations", "GET /api/v1/payments", "GET /api/v1/switches"];
  await waitFor(() => {
    expect(paths()).toEqual(polled);
  });

  calls.length = 0;
  FakeEventSource.latest.open();
  await pass(500);
  expect(paths()).toEqual([...polled, "GET /api/v1/views"]);
  calls.length = 0;
  for (let second = 0; second < 60; second += 4) {
    FakeEventSource.latest.emit("heartbeat", {}, "");
    await pass(4_000);
  }
  expect(paths()).toEqual([]);
});

it("what was being fetched for the first time as the stream became live is fetched once more", async () => {
  const answers: (() => void)[] = [];
  const { calls } = fakeApi({
    // The first answer was read before two payments arrived.
    "GET /api/v1/payments": () => {
      const payments = pageOf(listedPayments(answers.length === 0 ? 1 : 3));
      return new Promise((resolve) => {
        answers.push(() => {
          resolve(payments);
        });
      });
    },
  });
  renderApp();
  await waitFor(() => {
    expect(answers).toHaveLength(1);
  });
  FakeEventSource.latest.open();
  await pass(1_000);
  FakeEventSource.latest.emit("reset", {}, "2.0");
  await pass(1_000);
  expect(answers).toHaveLength(1);

  answers[0]?.();
  // Before the silent stream is taken for lost.
  await pass(1_000);
  expect(answers).toHaveLength(2);
  answers[1]?.();
  await pass(1_000);
  expect(paymentRows()).toHaveLength(3);
  expect(calls.filter((call) => call.startsWith("GET /api/v1/payments"))).toHaveLength(2);
});
