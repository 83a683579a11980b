import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { overview } from "../../../test/builders/overview";
import { fakeApi, sendProblem } from "../../../test/fakeApi";
import { renderApp } from "../../../test/renderApp";

describe("the overview", () => {
  it("shows the day's figures", async () => {
    fakeApi({ "GET /api/v1/overview": () => overview({ payments_succeeded: 1234, detections_block: 7 }) });
    renderApp();
    const strip = await screen.findByRole("region", { name: "Overview" });

    expect(await within(strip).findByText("1,234")).toBeVisible();
    expect(within(strip).getByText("7")).toBeVisible();
  });

  it("keeps showing a failure while retrying", async () => {
    const asked = vi.fn();
    fakeApi({
      "GET /api/v1/overview": () => {
        asked();
        return asked.mock.calls.length > 1 ? new Promise(vi.fn()) : sendProblem({ status: 503, code: "unavailable" });
      },
    });
    renderApp();
    const strip = await screen.findByRole("region", { name: "Overview" });
    await userEvent.click(await within(strip).findByRole("button", { name: "Try again" }));

    expect(asked).toHaveBeenCalledTimes(2);
    expect(within(strip).getByRole("alert")).toHaveTextContent("The overview could not be loaded");
    expect(within(strip).queryByText("–")).not.toBeInTheDocument();
  });
});
