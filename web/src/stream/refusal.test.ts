import { beforeEach, expect, it, vi } from "vitest";

import { problemResponse } from "../test/fakeApi";
import { FakeEventSource } from "../test/fakeEventSource";
import { LiveStream } from "./liveStream";

beforeEach(() => {
  vi.useFakeTimers();
  return () => {
    vi.useRealTimers();
  };
});

function started() {
  const stream = new LiveStream({ url: "/stream", beforeRetry: () => Promise.resolve(), random: () => 1 });
  return { stream, stop: stream.start() };
}

it("a refused stream says why, and retries when the server allows it", async () => {
  const { stream, stop } = started();
  await FakeEventSource.latest.refuse(problemResponse({ status: 429, code: "too_many_streams", retryAfter: 30 }));
  expect(stream.status()).toEqual({
    state: "waiting",
    reason: { code: "too_many_streams", detail: "too_many_streams", retryAfter: 30 },
  });

  window.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(29_900);
  expect(FakeEventSource.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(FakeEventSource.all).toHaveLength(2);

  FakeEventSource.latest.open();
  expect(stream.status()).toEqual({ state: "live", reason: null });
  stop();
});

it("another refusal is shown in the server's words", async () => {
  const { stream, stop } = started();
  const detail = "The server is overloaded.";
  await FakeEventSource.latest.refuse(problemResponse({ status: 503, code: "unavailable", detail, retryAfter: 2 }));

  expect(stream.status()).toEqual({ state: "waiting", reason: { code: "unavailable", detail, retryAfter: 2 } });
  stop();
});

it("an expired session is no reason to show: the check before the retry refreshes it", async () => {
  const { stream, stop } = started();
  await FakeEventSource.latest.refuse(problemResponse({ status: 401, code: "session_ended" }));

  expect(stream.status()).toEqual({ state: "waiting", reason: null });
  stop();
});
