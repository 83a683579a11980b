import { act, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";

import type { StreamStatus } from "../../stream/eventStream";
import { EventStream } from "../../stream/eventStream";
import { StreamContext } from "../../stream/useStream";
import { useIsStreamDown } from "./useIsStreamDown";

class Stream extends EventStream {
  override start = () => () => undefined;

  become(state: StreamStatus["state"]): void {
    act(() => {
      this.setStatus({ state, reason: null });
    });
  }
}

function Down() {
  return <p>{useIsStreamDown() ? "down" : "fine"}</p>;
}

describe("a stream that is down", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is worth a banner after half a minute, until it is live again", () => {
    vi.useFakeTimers();
    const stream = new Stream();
    render(
      <StreamContext value={stream}>
        <Down />
      </StreamContext>,
    );
    stream.become("live");
    stream.become("waiting");
    act(() => {
      vi.advanceTimersByTime(29_000);
    });
    expect(screen.getByText("fine")).toBeInTheDocument();

    stream.become("connecting");
    act(() => {
      vi.advanceTimersByTime(2_000);
    });
    expect(screen.getByText("down")).toBeInTheDocument();

    stream.become("live");
    expect(screen.getByText("fine")).toBeInTheDocument();
  });
});
