import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { destination } from "../../test/builders/destinations";
import { listedPayment } from "../../test/builders/payments";
import { fakeApi, pageOf } from "../../test/fakeApi";
import { renderPayments } from "../../test/paymentList";

const feedWith = (items: unknown[]) =>
  fakeApi({
    "GET /api/v1/payments": () => pageOf([listedPayment()]),
    "GET /api/v1/destinations": () => ({ items }),
  });

describe("the notice about destinations", () => {
  it("says why a destination is on hold and what to do", async () => {
    feedWith([destination({ status: "on_hold" })]);
    await renderPayments();

    const notice = await screen.findByRole("alert");
    expect(notice).toHaveTextContent("Meta (main) is on hold since");
    expect(notice).toHaveTextContent("The token has expired. Create a new token.");
    expect(within(notice).getByRole("link", { name: /Correct it$/ })).toHaveAttribute("href", `/destinations/${destination().id}`);
  });

  it("says how to replace a key that Stripe refuses", async () => {
    feedWith([destination({ status: "on_hold", kind: "stripe", name: "default" })]);
    await renderPayments();

    const notice = await screen.findByRole("alert");
    expect(notice).toHaveTextContent("Its actions on blocked payments wait until you correct it.");
  });

  it.each([
    ["throttled", "limits the rate of calls"],
    ["unavailable", "is unavailable"],
  ] as const)("asks for nothing while a destination is %s", async (status, words) => {
    feedWith([destination({ status })]);
    await renderPayments();

    const notice = await screen.findByText(new RegExp(`${words}.*there is nothing to do`));
    expect(notice).toBeVisible();
    expect(notice.closest("a")).not.toHaveTextContent("Correct it");
  });

  it("shows the one where a person must act, and leads to all if there are several", async () => {
    feedWith([destination({ status: "disabled", name: "old" }), destination({ status: "on_hold" })]);
    await renderPayments();

    const notice = await screen.findByRole("alert");
    expect(notice).toHaveTextContent("Meta (main) is on hold");
    expect(notice).toHaveTextContent("1 other destination is not sent to either.");
    expect(within(notice).getByRole("link")).toHaveAttribute("href", "/destinations");
  });

  it("is absent while all destinations are active", async () => {
    const { calls } = feedWith([destination({ status: "active", since: null, reason: null })]);
    await renderPayments();

    expect(calls).toContain("GET /api/v1/destinations");
    expect(screen.queryByRole("region", { name: "Destinations" })).toBeNull();
  });
});
