import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { job } from "../../test/builders/problems";
import { fakeApi } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";

const found = job({ kind: "conversions.export", state: "done", done: 12, total: 12, counts: {} });
const READ = `GET /api/v1/jobs/${found.id}`;

describe("the end of a job", () => {
  it("offers the file of an export", async () => {
    const file = `/api/v1/jobs/${found.id}/file`;
    fakeApi({ [READ]: () => ({ ...found, result: file, result_until: "2026-12-05T12:00:00Z" }) });
    renderApp(`/conversions?job=${found.id}`);

    expect(await screen.findByRole("region", { name: "Export of conversions" })).toBeVisible();
    expect(screen.getByRole("link", { name: "Download" })).toHaveAttribute("href", file);
  });

  it("has no file if its result is no file", async () => {
    fakeApi({ [READ]: () => ({ ...found, kind: "backtest", result: `/api/v1/backtests/${found.id}` }) });
    renderApp(`/conversions?job=${found.id}`);

    expect(await screen.findByRole("region", { name: "Backtest" })).toBeVisible();
    expect(screen.queryByRole("link", { name: "Download" })).toBeNull();
  });
});
