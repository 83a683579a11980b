import { beforeEach, describe, expect, it, vi } from "vitest";

import { detection } from "../test/builders";
import { FakeEventSource } from "../test/fakeEventSource";
import { type LiveEvent, LiveStream } from "./liveStream";

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
  it("tells what it is told, and that it is live", () => {
    const { stream, events } = started();

    expect(stream.state()).toBe("connecting");
    FakeEventSource.latest.opens();
    FakeEventSource.latest.says("detection.created", detection());

    expect(stream.state()).toBe("live");
    expect(events).toEqual([{ type: "detection.created", data: detection() }]);
  });

  it("resumes after the last event it has seen", async () => {
    started();
    FakeEventSource.latest.opens();
    FakeEventSource.latest.says("detection.created", detection(), "41.2");
    FakeEventSource.latest.breaks();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(FakeEventSource.all).toHaveLength(2);
    expect(FakeEventSource.latest.url).toBe("/stream?last_event_id=41.2");
  });

  it("resumes from its beginning where nothing has happened yet", async () => {
    const { events } = started();
    FakeEventSource.latest.opens();
    FakeEventSource.latest.says("ready", {}, "40.999999");
    FakeEventSource.latest.breaks();
    await vi.advanceTimersByTimeAsync(1_000);

    expect(FakeEventSource.latest.url).toBe("/stream?last_event_id=40.999999");
    expect(events).toEqual([]);
  });

  it("waits longer after each failure, and at most half a minute", async () => {
    const { stream } = started();
    const waits: number[] = [];
    for (let failure = 0; failure < 8; failure += 1) {
      const opened = FakeEventSource.all.length;
      FakeEventSource.latest.breaks();
      expect(stream.state()).toBe("waiting");
      let waited = 0;
      while (FakeEventSource.all.length === opened) {
        await vi.advanceTimersByTimeAsync(1_000);
        waited += 1;
      }
      waits.push(waited);
    }

    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it("says that something may be missing when it could not connect at first", async () => {
    const { events } = started();
    FakeEventSource.latest.breaks();
    await vi.advanceTimersByTimeAsync(1_000);
    FakeEventSource.latest.opens();

    expect(events).toEqual([{ type: "gap" }]);
  });

  it("says so too when the server no longer has what was missed", () => {
    const { events } = started();
    FakeEventSource.latest.opens();
    FakeEventSource.latest.says("reset", {}, "90.0");

    expect(events).toEqual([{ type: "gap" }]);
  });

  it("does not connect while the session cannot be checked", async () => {
    let reachable = false;
    started(() => (reachable ? Promise.resolve() : Promise.reject(new Error("down"))));
    FakeEventSource.latest.breaks();
    await vi.advanceTimersByTimeAsync(3_500);
    expect(FakeEventSource.all).toHaveLength(1);

    reachable = true;
    await vi.advanceTimersByTimeAsync(8_000);
    expect(FakeEventSource.all).toHaveLength(2);
  });

  it("tries at once when the computer is online again", async () => {
    started();
    FakeEventSource.latest.breaks();
    window.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);

    expect(FakeEventSource.all).toHaveLength(2);
  });

  it("stays closed once it is stopped", async () => {
    const { stop } = started();
    FakeEventSource.latest.breaks();
    stop();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(FakeEventSource.all).toHaveLength(1);
    expect(FakeEventSource.latest.closed).toBe(true);
  });
});
