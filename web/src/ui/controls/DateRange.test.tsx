import { useState } from "react";

import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";

import { setZone } from "../../i18n/zone";
import { renderUi } from "../../test/renderUi";
import { DateRange } from "./DateRange";
import type { Range } from "./range";

beforeEach(() => {
  setZone("America/Sao_Paulo");
});

function Chooser({ first, onChange }: { first: Range; onChange: (range: Range) => void }) {
  const [value, setValue] = useState(first);
  return (
    <DateRange
      value={value}
      onChange={(range) => {
        setValue(range);
        onChange(range);
      }}
    />
  );
}

it("offers named ranges and says which time zone they are in", async () => {
  const onChange = vi.fn();
  await renderUi(<Chooser first="today" onChange={onChange} />);
  await userEvent.selectOptions(screen.getByLabelText("Range"), "Last 7 days");

  expect(onChange).toHaveBeenCalledWith("7d");
  expect(screen.getByText("Sao Paulo time")).toBeVisible();
});

it("takes days, and passes on only those that make a range", async () => {
  const onChange = vi.fn();
  await renderUi(<Chooser first="2026-11-01..2026-11-20" onChange={onChange} />);
  fireEvent.change(screen.getByLabelText("From"), { target: { value: "2026-11-25" } });
  expect(onChange).not.toHaveBeenCalled();
  fireEvent.change(screen.getByLabelText("To"), { target: { value: "2026-11-26" } });

  expect(onChange.mock.calls).toEqual([["2026-11-25..2026-11-26"]]);
});
