import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { KeyLayer } from "./KeyLayer";
import { keyText } from "./keyText";
import { allowLetters, type Key, registeredKeys } from "./registry";
import { useKeys } from "./useKeys";

function Keys({ keys, title }: { keys: readonly Key[]; title?: string }) {
  useKeys(keys, title);
  return null;
}

const key = (name: string, run: () => void = vi.fn(), label = name): Key => ({ key: name, label, run });

describe("the name of a key", () => {
  it.each([
    ["Mod+k", "Ctrl K"],
    ["J", "⇧J"],
    ["j", "J"],
    ["ArrowDown", "↓"],
    ["+", "+"],
    ["[", "["],
  ])("of %s is %s", (key, text) => {
    expect(keyText(key)).toBe(text);
  });
});

describe("useKeys", () => {
  afterEach(() => {
    allowLetters(true);
  });

  it("runs the present action of a key", async () => {
    const [first, second] = [vi.fn(), vi.fn()];
    const { rerender } = render(<Keys keys={[key("j", first)]} />);
    rerender(<Keys keys={[key("j", second)]} />);
    await userEvent.keyboard("j");

    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledOnce();
  });

  it.each(["text", "search", "password"])("does nothing while a %s field has the focus", async (type) => {
    const run = vi.fn();
    render(
      <>
        <Keys keys={[key("j", run)]} />
        <input aria-label="field" type={type} />
      </>,
    );
    await userEvent.type(screen.getByLabelText("field"), "j");

    expect(run).not.toHaveBeenCalled();
  });

  it("works while a checkbox has the focus", async () => {
    const run = vi.fn();
    render(
      <>
        <Keys keys={[key("j", run)]} />
        <input aria-label="row" type="checkbox" />
      </>,
    );
    screen.getByLabelText("row").focus();
    await userEvent.keyboard("j");

    expect(run).toHaveBeenCalledOnce();
  });

  it("leaves Enter to a focused button", async () => {
    const [run, press] = [vi.fn(), vi.fn()];
    render(
      <>
        <Keys keys={[key("Enter", run)]} />
        <button type="button" onClick={press}>
          press
        </button>
      </>,
    );
    screen.getByRole("button").focus();
    await userEvent.keyboard("{Enter}");

    expect(run).not.toHaveBeenCalled();
    expect(press).toHaveBeenCalledOnce();
  });

  it.each(["{Control>}j{/Control}", "{Meta>}j{/Meta}", "{Alt>}j{/Alt}"])("does nothing for %s", async (pressed) => {
    const run = vi.fn();
    render(<Keys keys={[key("j", run)]} />);
    await userEvent.keyboard(pressed);

    expect(run).not.toHaveBeenCalled();
  });

  it.each(["{Control>}k{/Control}", "{Meta>}k{/Meta}"])("takes %s as Mod+k, also in a field", async (pressed) => {
    const run = vi.fn();
    render(
      <>
        <Keys keys={[key("Mod+k", run)]} />
        <input aria-label="field" />
      </>,
    );
    await userEvent.type(screen.getByLabelText("field"), pressed);

    expect(run).toHaveBeenCalledOnce();
  });

  it("runs a sequence, whose second key alone does not", async () => {
    const [go, p] = [vi.fn(), vi.fn()];
    render(<Keys keys={[key("g p", go), key("p", p)]} />);
    await userEvent.keyboard("gp");
    expect(go).toHaveBeenCalledOnce();
    expect(p).not.toHaveBeenCalled();

    await userEvent.keyboard("p");
    expect(p).toHaveBeenCalledOnce();
  });

  it("forgets the first key of a sequence after a moment", () => {
    vi.useFakeTimers();
    const go = vi.fn();
    render(<Keys keys={[key("g p", go)]} />);
    fireEvent.keyDown(document.body, { key: "g" });
    vi.advanceTimersByTime(2_000);
    fireEvent.keyDown(document.body, { key: "p" });
    vi.useRealTimers();

    expect(go).not.toHaveBeenCalled();
  });

  it("gives a key to who registered it last, until that is gone", async () => {
    const [page, panel] = [vi.fn(), vi.fn()];
    const { rerender } = render([<Keys key="page" keys={[key("x", page)]} />, <Keys key="panel" keys={[key("x", panel)]} />]);
    await userEvent.keyboard("x");
    expect([page.mock.calls.length, panel.mock.calls.length]).toEqual([0, 1]);

    rerender([<Keys key="page" keys={[key("x", page)]} />]);
    await userEvent.keyboard("x");
    expect([page.mock.calls.length, panel.mock.calls.length]).toEqual([1, 1]);
  });

  it("lets only the keys of an open dialog work", async () => {
    const [page, dialog] = [vi.fn(), vi.fn()];
    const { rerender } = render([
      <Keys key="page" keys={[key("a", page)]} />,
      <KeyLayer key="dialog">
        <Keys keys={[key("b", dialog)]} />
      </KeyLayer>,
    ]);
    await userEvent.keyboard("ab");
    expect([page.mock.calls.length, dialog.mock.calls.length]).toEqual([0, 1]);

    rerender([<Keys key="page" keys={[key("a", page)]} />]);
    await userEvent.keyboard("ab");
    expect([page.mock.calls.length, dialog.mock.calls.length]).toEqual([1, 1]);
  });

  it("takes no letters when they are switched off, but other keys", async () => {
    const [letter, arrow] = [vi.fn(), vi.fn()];
    render(<Keys keys={[key("j", letter), key("ArrowDown", arrow)]} />);
    allowLetters(false);
    await userEvent.keyboard("j{ArrowDown}");

    expect(letter).not.toHaveBeenCalled();
    expect(arrow).toHaveBeenCalledOnce();
  });

  it("lists the keys of the page before those of the shell", () => {
    render([<Keys key="shell" title="Everywhere" keys={[key("?")]} />, <Keys key="page" keys={[key("j")]} />]);

    expect(registeredKeys().map(({ title }) => title)).toEqual([null, "Everywhere"]);
  });
});
