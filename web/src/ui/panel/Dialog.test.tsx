import { useState } from "react";

import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { renderUi } from "../../test/renderUi";
import { Confirm } from "./Dialog";
import { SidePanel } from "./SidePanel";

describe("a confirmation", () => {
  it("has the focus in its first field", async () => {
    await renderUi(
      <Confirm title="Discard" action="Discard 3" typed="3" onConfirm={vi.fn()} onClose={vi.fn()}>
        They are gone for good.
      </Confirm>,
    );

    expect(screen.getByRole("dialog", { name: "Discard" })).toBeVisible();
    expect(screen.getByLabelText("Type 3 to confirm")).toHaveFocus();
  });

  it("acts only when the text is typed", async () => {
    const onConfirm = vi.fn();
    await renderUi(
      <Confirm title="Discard" action="Discard 3" typed="3" onConfirm={onConfirm} onClose={vi.fn()}>
        They are gone for good.
      </Confirm>,
    );
    await userEvent.type(screen.getByLabelText("Type 3 to confirm"), "4{Enter}");
    expect(onConfirm).not.toHaveBeenCalled();
    await userEvent.type(screen.getByLabelText("Type 3 to confirm"), "{Backspace}3{Enter}");

    expect(onConfirm).toHaveBeenCalledOnce();
  });

  it("does not act again while it is busy, and says why it failed", async () => {
    const onConfirm = vi.fn();
    await renderUi(
      <Confirm title="Block" action="Block" busy error={new Error("Not now.")} onConfirm={onConfirm} onClose={vi.fn()}>
        …
      </Confirm>,
    );
    await userEvent.click(screen.getByRole("button", { name: /Block/ }));

    expect(onConfirm).not.toHaveBeenCalled();
    expect(screen.getByRole("alert")).toHaveTextContent("Not now.");
  });

  it("closes at its buttons, and not when it is taken away", async () => {
    const onClose = vi.fn();
    const { unmount } = await renderUi(
      <Confirm title="Block" action="Block" onConfirm={vi.fn()} onClose={onClose}>
        …
      </Confirm>,
    );
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(onClose).toHaveBeenCalledTimes(2);
    unmount();

    expect(onClose).toHaveBeenCalledTimes(2);
  });
});

function Opener() {
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
  };
  return (
    <>
      <button
        type="button"
        onClick={() => {
          setOpen(true);
        }}
      >
        Open
      </button>
      {open && (
        <SidePanel title="Payment" contentId="1" onClose={close}>
          …
        </SidePanel>
      )}
    </>
  );
}

it("a side panel takes the focus, and gives it back when Escape closes it", async () => {
  await renderUi(<Opener />);
  await userEvent.click(screen.getByRole("button", { name: "Open" }));
  expect(screen.getByRole("heading", { name: "Payment" })).toHaveFocus();
  await userEvent.keyboard("{Escape}");

  expect(screen.queryByRole("complementary")).toBeNull();
  expect(screen.getByRole("button", { name: "Open" })).toHaveFocus();
});
