import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { identity } from "../../test/builders/identity";
import { job } from "../../test/builders/problems";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";

const LIST = "GET /api/v1/jobs";
/** At most four. */
type Rows = [HTMLElement, HTMLElement, HTMLElement, HTMLElement];
const idOf = (number: number) => `0190c5a2-0000-7000-8000-0000000000c${number}`;
const running = job({ id: idOf(1), done: 10, total: 100, counts: {}, created_at: "2026-11-20T12:00:00Z" });
const exported = job({
  id: idOf(2),
  kind: "payments.export",
  state: "done",
  done: 12,
  total: 12,
  counts: {},
  result: `/api/v1/jobs/${idOf(2)}/file`,
  result_until: "2126-11-27T12:00:00Z",
  created_at: "2026-11-20T11:00:00Z",
});
const owner = identity({ permissions: ["read", "dead_letters.settle"] });

const rows = async () => within(await screen.findByRole("list", { name: "Jobs" })).getAllByRole("listitem") as Rows;

describe("the page of jobs", () => {
  it("lists them with who, progress, errors and files", async () => {
    const failed = job({ id: idOf(3), kind: "backtest", state: "failed", counts: {}, error: "The file has no payments." });
    const expired = { ...exported, id: idOf(4), result_until: "2026-11-01T12:00:00Z" };
    fakeApi({ [LIST]: () => pageOf([running, exported, failed, expired]) }, owner);
    renderApp("/jobs");
    const [first, second, third, fourth] = await rows();

    expect(first).toHaveTextContent(/Dead letters\s*Running\s*started by ana@shop.example/);
    expect(within(first).getByRole("progressbar")).toBeVisible();
    expect(within(second).getByRole("link", { name: "Download" })).toHaveAttribute("href", exported.result);
    expect(third).toHaveTextContent("The file has no payments.");
    expect(fourth).toHaveTextContent("The file is no longer kept.");
    expect(within(fourth).queryByRole("link")).toBeNull();
  });

  it("follows the stream, and adds a job that is started meanwhile", async () => {
    let page = [running];
    fakeApi({ [LIST]: () => pageOf(page) }, owner);
    renderApp("/jobs");
    await rows();
    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("job.progress", { ...running, done: 50, counts: { replayed: 50 } });
    expect(await screen.findByText("50 replayed")).toBeVisible();
    const next = { ...exported, created_at: "2026-11-20T13:00:00Z" };
    page = [next, { ...running, done: 50, counts: { replayed: 50 } }];
    FakeEventSource.latest.emit("job.progress", next);

    expect(await screen.findByText("Export of payments")).toBeVisible();
    expect(await rows()).toHaveLength(2);
  });

  it("stops a job", async () => {
    const stop = `POST /api/v1/jobs/${running.id}/cancel`;
    const { calls } = fakeApi(
      { [LIST]: () => pageOf([running]), [stop]: () => ({ ...running, cancel_requested_at: "2026-11-20T12:01:00Z" }) },
      owner,
    );
    renderApp("/jobs");
    await userEvent.click(await screen.findByRole("button", { name: "Stop" }));

    expect(await screen.findByText("Stopping after the present step…")).toBeVisible();
    expect(calls).toContain(stop);
  });

  it("says who may stop a job and download its file, if the user may not", async () => {
    const log = { ...exported, kind: "audit_log.export" };
    fakeApi({ [LIST]: () => pageOf([running, log]) }, identity({ permissions: ["read"] }));
    renderApp("/jobs");
    const [first, second] = await rows();

    expect(within(first).getByRole("button", { name: "Stop" })).toBeDisabled();
    expect(within(second).queryByRole("link", { name: "Download" })).toBeNull();
    expect(within(second).getByRole("button", { name: "Download" })).toBeDisabled();
  });

  it("loads older ones", async () => {
    fakeApi({ [LIST]: ({ query }) => (query.get("cursor") === null ? pageOf([running], "next") : pageOf([exported])) }, owner);
    renderApp("/jobs");
    await userEvent.click(await screen.findByRole("button", { name: "Load older" }));

    await waitFor(async () => {
      expect(await rows()).toHaveLength(2);
    });
  });

  it("says that there is none", async () => {
    fakeApi({ [LIST]: () => pageOf() });
    renderApp("/jobs");
    expect(await screen.findByText("No jobs yet")).toBeVisible();
  });

  it("says that they could not be loaded, and tries again", async () => {
    let fails = true;
    fakeApi({ [LIST]: () => (fails ? sendProblem({ status: 503, code: "unavailable" }) : pageOf([running])) }, owner);
    renderApp("/jobs");
    const again = await screen.findByRole("button", { name: "Try again" });
    fails = false;
    await userEvent.click(again);

    expect(await rows()).toHaveLength(1);
  });

  it("is reached by the user's menu", async () => {
    fakeApi({ [LIST]: () => pageOf([running]) });
    renderApp("/payments");
    await userEvent.click(await screen.findByRole("button", { name: /^Signed in as/ }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Jobs" }));

    expect(await screen.findByRole("heading", { level: 1, name: "Jobs" })).toBeVisible();
  });
});
