import { act, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";

import { problemWords } from "../../ui/problems/words";
import { Locked } from "./Locked";
import { loginWords } from "./words";

describe("the pause after too many attempts", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is counted down, and ends", async () => {
    await Promise.all([loginWords.read("en"), problemWords.read("en")]);
    vi.useFakeTimers({ now: 0 });
    const onOver = vi.fn();
    render(<Locked until={125_000} onOver={onOver} />);
    expect(screen.getByRole("alert")).toHaveTextContent("Try again in 3 minutes.");
    expect(screen.getByText("2:05 left")).toBeInTheDocument();

    act(() => {
      vi.advanceTimersByTime(1_000);
    });
    expect(screen.getByText("2:04 left")).toBeInTheDocument();
    expect(onOver).not.toHaveBeenCalled();

    act(() => {
      vi.advanceTimersByTime(124_000);
    });
    expect(onOver).toHaveBeenCalledOnce();
  });
});
