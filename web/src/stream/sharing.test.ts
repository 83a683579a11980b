import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { detection } from "../test/builders/detections";
import { FakeEventSource } from "../test/fakeEventSource";
import type { LiveEvent } from "./eventStream";
import { LiveStream } from "./liveStream";
import { SharedStream } from "./sharedStream";
import { StreamHost } from "./streamHost";
import type { TabMessage, TabPort, WorkerMessage, WorkerPort } from "./tabMessages";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Two ports connected to each other. `cut` loses every message from then on, as when one side has crashed. */
function connectedPorts() {
  let isCut = false;
  const tab: TabPort = {
    onmessage: null,
    postMessage: (data) => {
      if (!isCut) worker.onmessage?.({ data } as MessageEvent<WorkerMessage>);
    },
  };
  const worker: WorkerPort = {
    onmessage: null,
    postMessage: (data) => {
      if (!isCut) tab.onmessage?.({ data } as MessageEvent<TabMessage>);
    },
    close: () => undefined,
  };
  const cut = () => {
    isCut = true;
  };
  return { tab, worker, cut };
}

/** A browser, whose shared worker can be replaced. */
function browser({ check = () => Promise.resolve<unknown>(undefined) } = {}) {
  const newHost = () => new StreamHost((beforeRetry) => new LiveStream({ url: "/stream", beforeRetry, random: () => 1 }));
  let host = newHost();
  let isBroken = false;
  const cuts: (() => void)[] = [];
  const openTab = () => {
    const stream = new SharedStream({
      connect: (onBroken) => {
        const { tab, worker, cut } = connectedPorts();
        cuts.push(cut);
        if (isBroken) queueMicrotask(onBroken);
        else host.attach(tab);
        return worker;
      },
      check,
      fallback: () => new LiveStream({ url: "/own", beforeRetry: check, random: () => 1 }),
    });
    const events: LiveEvent[] = [];
    stream.listen((event) => events.push(event));
    return { stream, events, close: stream.start() };
  };
  return {
    openTab,
    /** Open a tab in another window. */
    openWindow: () => {
      const { tab, worker } = connectedPorts();
      host.attach(tab);
      worker.postMessage({ type: "join" });
    },
    replaceWorker: () => {
      for (const cut of cuts) cut();
      FakeEventSource.latest.close();
      host = newHost();
    },
    breakWorkers: () => {
      isBroken = true;
    },
  };
}

const open = () => FakeEventSource.all.filter(({ closed }) => !closed);

describe("the shared stream", () => {
  it("is one connection, whose events every tab gets", () => {
    const { openTab } = browser();
    const tabs = [openTab(), openTab(), openTab()];
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("detection.created", detection());

    expect(FakeEventSource.all).toHaveLength(1);
    for (const { stream, events } of tabs) {
      expect(stream.status().state).toBe("live");
      expect(events).toEqual([{ type: "detection.created", data: detection() }]);
    }
  });

  it("is live at once in a tab opened later", () => {
    const { openTab } = browser();
    openTab();
    FakeEventSource.latest.open();

    expect(openTab().stream.status().state).toBe("live");
  });

  it("becomes live again in a page that one goes back to, which missed events meanwhile", () => {
    const { openTab, openWindow } = browser();
    openWindow();
    FakeEventSource.latest.open();
    const { stream } = openTab();
    const states: string[] = [];
    stream.watchStatus(() => states.push(stream.status().state));
    window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));

    expect(states).toEqual(["connecting", "live"]);
  });

  it("lasts until the last tab is closed, and begins anew with the next one", () => {
    const { openTab } = browser();
    const [first, second] = [openTab(), openTab()];
    first.close();
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("detection.created", detection());
    expect(second.events).toHaveLength(1);

    second.close();
    expect(open()).toHaveLength(0);
    openTab();
    expect(open()).toHaveLength(1);
  });

  it("shows in every tab within 10 s that the server is silent", async () => {
    const { openTab } = browser();
    const tabs = [openTab(), openTab()];
    FakeEventSource.latest.open();
    await vi.advanceTimersByTimeAsync(8_100);

    for (const { stream } of tabs) expect(stream.status().state).toBe("waiting");
  });

  it("checks the session in one tab before it reconnects", async () => {
    const check = vi.fn(() => Promise.resolve());
    const { openTab } = browser({ check });
    openTab();
    openTab();
    FakeEventSource.latest.open();
    FakeEventSource.latest.fail();
    await vi.advanceTimersByTimeAsync(1_100);

    expect(check).toHaveBeenCalledTimes(1);
    expect(open()).toHaveLength(1);
  });

  it("does not reconnect while the session cannot be checked", async () => {
    const { openTab } = browser({ check: () => Promise.reject(new Error("down")) });
    openTab();
    FakeEventSource.latest.fail();
    await vi.advanceTimersByTimeAsync(20_000);

    expect(FakeEventSource.all).toHaveLength(1);
  });

  it("stays live in a tab while the server sends", async () => {
    const { openTab } = browser();
    const { stream } = openTab();
    FakeEventSource.latest.open();
    for (let second = 0; second < 60; second += 4) {
      await vi.advanceTimersByTimeAsync(4_000);
      FakeEventSource.latest.emit("heartbeat", {}, "");
    }

    expect(stream.status().state).toBe("live");
    expect(FakeEventSource.all).toHaveLength(1);
  });

  it("is joined again within 10 s if the worker has ended", async () => {
    const { openTab, replaceWorker } = browser();
    const { stream } = openTab();
    FakeEventSource.latest.open();
    replaceWorker();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(open()).toHaveLength(1);
    FakeEventSource.latest.open();

    expect(stream.status().state).toBe("live");
  });

  it("is replaced by a connection of the tab's own if the worker cannot run", async () => {
    const { openTab, breakWorkers } = browser();
    breakWorkers();
    const { stream, close } = openTab();
    await vi.advanceTimersByTimeAsync(0);
    FakeEventSource.latest.open();

    expect(FakeEventSource.latest.url).toBe("/own");
    expect(stream.status().state).toBe("live");
    close();
    expect(open()).toHaveLength(0);
  });
});
