import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { renderUi } from "../../test/renderUi";
import { BarChart } from "./BarChart";
import { Funnel } from "./Funnel";
import type { Series } from "./series";

const COLUMNS = ["13:00", "14:00"].map((name) => ({ id: name, name, short: name, to: `/payments?at=${name}` }));
const ALLOWED: Series = { id: "allow", name: "Allowed", tone: "good", values: [8, 4] };
const BLOCKED: Series = { id: "block", name: "Blocked", tone: "bad", values: [1, null] };

const chart = () => <BarChart title="Decisions" sentence="Decisions by hour." columns={COLUMNS} series={[ALLOWED, BLOCKED]} />;

describe("a bar chart", () => {
  it("is a figure with a sentence and the values as a table", async () => {
    await renderUi(chart());
    expect(screen.getByRole("figure")).toHaveTextContent("Decisions by hour.");
    await userEvent.click(screen.getByText("Show as table"));

    const rows = within(screen.getByRole("table", { name: "Decisions" })).getAllByRole("row");
    expect(rows.map(({ textContent }) => textContent)).toEqual(["AllowedBlocked", "13:0081", "14:004–"]);
  });

  it("gives the numbers of the column with the focus or under the pointer, which leads to its list", async () => {
    await renderUi(chart());
    const column = screen.getByRole("link", { name: "13:00, Allowed 8, Blocked 1" });
    expect(column).toHaveAttribute("href", "/payments?at=13:00");
    fireEvent.pointerEnter(column);

    expect(screen.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual(["13:00", "Allowed8", "Blocked1"]);
  });
});

it("a funnel says what share of the step before reaches each step", async () => {
  const steps = [
    { id: "click", name: "Clicks", count: 200 },
    { id: "sale", name: "Sales", count: 50, to: "/payments" },
    { id: "sent", name: "Sent", count: 0 },
  ];
  await renderUi(<Funnel title="Funnel" sentence="From click to sale." steps={steps} />);

  expect(screen.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual(["Clicks200", "Sales5025%", "Sent00%"]);
});
