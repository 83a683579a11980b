import { screen, within, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { identity } from "../../test/builders/identity";
import { bulkPlan, deadLetter, deadLetterGroup, job, problemSummary, quarantineGroup, rejectionGroup } from "../../test/builders/problems";
import { fakeApi, pageOf, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
import { renderApp } from "../../test/renderApp";

type Handlers = NonNullable<Parameters<typeof fakeApi>[0]>;

const MAY = identity({ permissions: ["read", "dead_letters.settle", "quarantine.replay", "quarantine.discard"] });
const groupsOf = (...items: unknown[]) => ({ items, groups: items.length });

function problems(handlers: Handlers = {}, address = "/problems/dead-letters", who = MAY) {
  const api = fakeApi(
    {
      "GET /api/v1/problems/summary": () => problemSummary(),
      "GET /api/v1/dead-letters/groups": () => groupsOf(deadLetterGroup()),
      "GET /api/v1/quarantine/groups": () => groupsOf(quarantineGroup()),
      "GET /api/v1/rejections/groups": () => groupsOf(rejectionGroup()),
      ...handlers,
    },
    who,
  );
  renderApp(address);
  return api;
}

describe("the page of problems", () => {
  it("groups dead letters by cause, with what they cost and how to mend them", async () => {
    problems({}, "/problems");

    const group = await screen.findByRole("article", { name: "Sending: Meta refused the token" });
    expect(group).toHaveTextContent("214 conversions");
    expect(group).toHaveTextContent("R$12,300.00 · $40.00 of payments");
    expect(group).toHaveTextContent("Give the destination a new token.");
    expect(within(group).getByRole("link", { name: "New token" })).toHaveAttribute("href", "/destinations");
    expect(await screen.findByRole("link", { name: /Refused\s*22/ })).toBeVisible();
  });

  it("passes the filters of an alarm's link to the API, and removes what it does not know", async () => {
    const { calls } = problems({}, "/problems/dead-letters?source=dispatch&cause=190%2F463&kind=nonsense&open=1");

    await screen.findByRole("article");
    expect(calls).toContain("GET /api/v1/dead-letters/groups?source=dispatch&cause=190%2F463");
    expect(screen.getByText(/Filtered by: 190\/463/)).toBeVisible();
  });

  it("counts before it replays many, then shows the job's progress and what failed again", async () => {
    const bodies: unknown[] = [];
    problems({
      "POST /api/v1/dead-letters/bulk": ({ body }) => {
        bodies.push(body);
        return (body as { dry_run?: boolean }).dry_run === true ? bulkPlan() : bulkPlan({ dry_run: false, job: job() });
      },
      [`GET /api/v1/jobs/${job().id}`]: () => job(),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Replay 214…" }));

    const dialog = await screen.findByRole("dialog");
    expect(await within(dialog).findByText(/R\$12,300\.00/)).toBeVisible();
    expect(dialog).toHaveTextContent("3 too old for the destination (7 days)");
    await userEvent.click(within(dialog).getByRole("button", { name: "Replay 214" }));

    const progress = await screen.findByRole("region", { name: "Dead letters" });
    expect(await within(progress).findByText("149 replayed · 2 failed again")).toBeVisible();
    const filter = { source: "dispatch", kind: "conversion", cause: "190/463" };
    expect(bodies).toEqual([
      { action: "replay", filter, dry_run: true },
      { action: "replay", filter, expected: 214 },
    ]);

    FakeEventSource.latest.open();
    FakeEventSource.latest.emit("job.progress", job({ state: "done", done: 214, counts: { replayed: 212, failed_again: 2 } }));
    expect(await within(progress).findByText(/2 items failed again and returned/)).toBeVisible();
    expect(within(progress).queryByRole("button", { name: "Stop" })).toBeNull();
  });

  it("asks for a reason and the count before it discards many", async () => {
    const handler = vi.fn(({ body }: { body: unknown }) => bulkPlan((body as { dry_run?: boolean }).dry_run ? {} : { job: job() }));
    problems({ "POST /api/v1/dead-letters/bulk": handler, [`GET /api/v1/jobs/${job().id}`]: () => job() });
    await userEvent.click(await screen.findByRole("button", { name: "Discard…" }));
    const dialog = await screen.findByRole("dialog");
    const discard = await within(dialog).findByRole("button", { name: "Discard 214" });

    await userEvent.type(within(dialog).getByLabelText("Reason"), "too old");
    expect(discard).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText("Type 214 to confirm"), "214");
    await userEvent.click(discard);

    await screen.findByRole("region", { name: "Dead letters" });
    expect(handler.mock.lastCall?.[0].body).toMatchObject({ action: "discard", reason: "too old", expected: 214 });
  });

  it("counts again if the number changed meanwhile", async () => {
    let count = 214;
    problems({
      "POST /api/v1/dead-letters/bulk": ({ body }) =>
        (body as { dry_run?: boolean }).dry_run === true ? bulkPlan({ count }) : sendProblem({ status: 409, code: "count_changed" }),
    });
    await userEvent.click(await screen.findByRole("button", { name: "Replay 214…" }));
    const dialog = await screen.findByRole("dialog");
    await userEvent.click(await within(dialog).findByRole("button", { name: "Replay 214" }));
    expect(await within(dialog).findByText(/The count changed meanwhile/)).toBeVisible();

    count = 215;
    await userEvent.click(within(dialog).getByRole("button", { name: "Replay 214" }));
    expect(await within(dialog).findByRole("button", { name: "Replay 215" })).toBeVisible();
  });

  it("shows one with its contents, and replays it", async () => {
    const { calls } = problems({
      [`GET /api/v1/dead-letters/${deadLetter().id}`]: () => deadLetter(),
      [`POST /api/v1/dead-letters/${deadLetter().id}/replay`]: () => deadLetter({ state: "replayed" }),
    });
    await userEvent.click(await screen.findByRole("button", { name: "See the newest" }));

    const panel = await screen.findByRole("complementary", { name: "Dead letter" });
    expect(await within(panel).findByText("49700")).toBeVisible();
    await userEvent.click(within(panel).getByRole("button", { name: "Replay" }));
    await waitFor(() => {
      expect(calls).toContain(`POST /api/v1/dead-letters/${deadLetter().id}/replay`);
    });
  });

  it("says what a quarantined webhook and a refused one need", async () => {
    problems({}, "/problems/quarantine");
    expect(await screen.findByRole("article", { name: "Kiwify: Not understood: order_held" })).toHaveTextContent("14 webhooks");

    await userEvent.click(screen.getByRole("link", { name: /Refused/ }));
    const refused = await screen.findByRole("article", { name: "Stripe: The signature is older than 5 minutes" });
    expect(refused).toHaveTextContent("from 3 addresses");
    expect(refused).toHaveTextContent("Send it again from the gateway's panel");
    expect(within(refused).queryByRole("button", { name: /Replay/ })).toBeNull();
  });

  it("lists single ones, also settled ones", async () => {
    problems({ "GET /api/v1/dead-letters": () => pageOf([deadLetter({ state: "discarded" })]) }, "/problems/dead-letters?view=single");
    expect(await screen.findByRole("row", { name: /Sending.*Discarded/ })).toBeVisible();
  });

  it("says when the last one was, if none is open, and which filter hides them", async () => {
    problems({ "GET /api/v1/dead-letters/groups": () => groupsOf() });
    expect(await screen.findByText("Nothing is set aside")).toBeVisible();
    expect(await screen.findByText(/^Last: .*2026/)).toBeVisible();

    await userEvent.selectOptions(screen.getByLabelText("Service"), "trust");
    expect(await screen.findByText("Nothing matches these filters")).toBeVisible();
  });

  it("disables what a viewer may not do, and says who may", async () => {
    problems({}, "/problems/dead-letters", identity());
    expect(await screen.findByRole("button", { name: "Replay 214…" })).toBeDisabled();
  });

  it("says that the groups could not be loaded", async () => {
    problems({ "GET /api/v1/dead-letters/groups": () => sendProblem({ status: 503, code: "unavailable" }) });
    expect(await screen.findByText("Dead letters could not be loaded")).toBeVisible();
  });
});
