import { act, fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { renderUi } from "../../test/renderUi";
import { clearToasts, toast, Toaster, useToastHistory } from "./toasts";

function History() {
  return <p>{`History: ${useToastHistory().map(({ text }) => text).join(" ")}`}</p>;
}

const show = (...texts: string[]) => {
  act(() => {
    for (const text of texts) toast({ text });
  });
};

describe("toasts", () => {
  afterEach(() => {
    vi.useRealTimers();
    act(clearToasts);
  });

  it("show the last three, and keep the others in the history", async () => {
    await renderUi([<Toaster key="t" />, <History key="h" />]);
    show("one", "two", "three", "four");

    expect(screen.getAllByRole("status").map(({ textContent }) => textContent)).toEqual(["two", "three", "four"]);
    expect(screen.getByText("History: four three two one")).toBeVisible();
  });

  it("undo once, and then are gone", async () => {
    const undo = vi.fn();
    await renderUi(<Toaster />);
    act(() => {
      toast({ text: "Blocked", undo });
    });
    await userEvent.click(screen.getByRole("button", { name: "Undo" }));

    expect(undo).toHaveBeenCalledOnce();
    expect(screen.queryByText("Blocked")).toBeNull();
    await userEvent.keyboard("z");
    expect(undo).toHaveBeenCalledOnce();
  });

  it("undo the newest that can be undone at z, but not in a field", async () => {
    const [first, second] = [vi.fn(), vi.fn()];
    await renderUi([<Toaster key="t" />, <input key="i" aria-label="Note" />]);
    act(() => {
      toast({ text: "first", undo: first });
      toast({ text: "second", undo: second });
      toast({ text: "third" });
    });
    await userEvent.type(screen.getByLabelText("Note"), "z");
    expect(second).not.toHaveBeenCalled();
    act(() => {
      screen.getByLabelText("Note").blur();
    });
    await userEvent.keyboard("z");

    expect(second).toHaveBeenCalledOnce();
    expect(first).not.toHaveBeenCalled();
  });

  it("go after eight seconds, unless the pointer is on them", async () => {
    await renderUi(<Toaster />);
    vi.useFakeTimers();
    show("one");
    const region = screen.getByRole("region", { name: "Notifications" });
    fireEvent.pointerEnter(region);
    act(() => {
      vi.advanceTimersByTime(60_000);
    });
    expect(screen.getByText("one")).toBeVisible();

    fireEvent.pointerLeave(region);
    act(() => {
      vi.advanceTimersByTime(8_000);
    });
    expect(screen.queryByText("one")).toBeNull();
  });

  it("announce a failure as an alert", async () => {
    await renderUi(<Toaster />);
    act(() => {
      toast({ text: "It was refused", tone: "bad" });
    });

    expect(screen.getByRole("alert")).toHaveTextContent("It was refused");
  });
});
