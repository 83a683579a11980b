import { beforeEach, describe, expect, it, vi } from "vitest";

import { detection } from "../test/builders/detections";
import { FakeEventSource } from "../test/fakeEventSource";
import type { LiveEvent } from "./eventStream";
import { LiveStream } from "./liveStream";

let stopAll: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  return () => {
    for (const stop of stopAll) stop();
    stopAll = [];
    vi.useRealTimers();
  };
});

function started(beforeRetry = () => Promise.resolve<unknown>(undefined)) {
  const stream = new LiveStream({ url: "/stream", beforeRetry, random: () => 1 });
  const events: LiveEvent[] = [];
  stream.listen((event) => events.push(event));
  const stop = stream.start();
  stopAll.push(stop);
  return { stream, events, stop };
}

describe("the live stream", () => {
  it("passes on events and its state", () => {
    const { stream, events } = started();

    expect(stream.status().state).toBe("connecting");
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("detection.created", detection());

    expect(stream.status().state).toBe("live");
    expect(events).toEqual([{ type: "detection.created", data: detection() }]);
  });

  it("resumes after the last event", async () => {
    started();
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("detection.created", detection(), "41.2");
    FakeEventSource.latest.fail();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(FakeEventSource.all).toHaveLength(2);
    expect(FakeEventSource.latest.url).toBe("/stream?last_event_id=41.2");
  });

  it("resumes from a heartbeat's position, which moves while there are no events", async () => {
    started();
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("detection.created", detection(), "41.2");
    FakeEventSource.latest.emit("heartbeat", {}, "57.999999");
    FakeEventSource.latest.emit("heartbeat", {}, "");
    FakeEventSource.latest.fail();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(FakeEventSource.latest.url).toBe("/stream?last_event_id=57.999999");
  });

  it("resumes from its start if no event has arrived yet", async () => {
    const { events } = started();
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("ready", {}, "40.999999");
    FakeEventSource.latest.fail();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(FakeEventSource.latest.url).toBe("/stream?last_event_id=40.999999");
    expect(events).toEqual([]);
  });

  it("doubles the delay after each failure, up to 30 seconds", async () => {
    const { stream } = started();
    const waits: number[] = [];
    for (let failure = 0; failure < 8; failure += 1) {
      const opened = FakeEventSource.all.length;
      FakeEventSource.latest.fail();
      expect(stream.status().state).toBe("waiting");
      let waited = 0;
      while (FakeEventSource.all.length === opened) {
        await vi.advanceTimersByTimeAsync(1_000);
        waited += 1;
      }
      waits.push(waited);
    }

    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it("reports a gap if the first connection failed", async () => {
    const { events } = started();
    FakeEventSource.latest.fail();
    await vi.advanceTimersByTimeAsync(1_000);
    FakeEventSource.latest.open();

    expect(events).toEqual([{ type: "gap" }]);
  });

  it("reports a gap if the server no longer has the missed events", () => {
    const { events } = started();
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("reset", {}, "90.0");

    expect(events).toEqual([{ type: "gap" }]);
  });

  it("does not connect while the session cannot be checked", async () => {
    let reachable = false;
    started(() => (reachable ? Promise.resolve() : Promise.reject(new Error("down"))));
    FakeEventSource.latest.fail();
    await vi.advanceTimersByTimeAsync(3_500);
    expect(FakeEventSource.all).toHaveLength(1);

    reachable = true;
    await vi.advanceTimersByTimeAsync(8_000);
    expect(FakeEventSource.all).toHaveLength(2);
  });

  it("retries at once when the browser is online again", async () => {
    started();
    FakeEventSource.latest.fail();
    window.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);

    expect(FakeEventSource.all).toHaveLength(2);
  });

  it("reconnects when the server falls silent, though the connection stays open", async () => {
    const { stream } = started();
    FakeEventSource.latest.open();
    for (let second = 0; second < 20; second += 4) {
      await vi.advanceTimersByTimeAsync(4_000);
      FakeEventSource.latest.emit("heartbeat", {}, "");
    }
    expect(stream.status().state).toBe("live");

    const silent = FakeEventSource.latest;
    await vi.advanceTimersByTimeAsync(8_000);
    expect(stream.status().state).toBe("waiting");
    expect(silent.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeEventSource.all).toHaveLength(2);
  });

  it("gives up a connection that is never answered", async () => {
    const { stream } = started();
    await vi.advanceTimersByTimeAsync(8_000);

    expect(stream.status().state).toBe("waiting");
  });

  it("stays closed after it is stopped", async () => {
    const { stop } = started();
    FakeEventSource.latest.fail();
    stop();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(FakeEventSource.all).toHaveLength(1);
    expect(FakeEventSource.latest.closed).toBe(true);
  });
});
