import { screen } from "@testing-library/react";
import { expect, it } from "vitest";

import { renderUi } from "../../test/renderUi";
import { Tabs } from "./Tabs";

const ITEMS = [
  { to: "/payments", label: "All" },
  { to: "/payments?decision=review", label: "To review", count: 12 },
];

it.each([
  ["/payments", "All"],
  ["/payments?decision=review&gateway=stripe", "To review 12"],
  ["/payments?decision=block", "All"],
])("marks the current tab at %s", async (address, current) => {
  await renderUi(<Tabs label="Views" items={ITEMS} />, address);

  expect(screen.getByRole("link", { current: "page" })).toHaveAccessibleName(current);
});

it("marks none at another page", async () => {
  await renderUi(<Tabs label="Views" items={ITEMS} />, "/review");

  expect(screen.queryByRole("link", { current: "page" })).toBeNull();
});
