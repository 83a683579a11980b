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

describe("the notices about destinations", () => {
  it("say why a destination is on hold and what to do", async () => {
    feedWith([destination({ status: "on_hold" })]);
    await renderPayments();

    const notice = await screen.findByRole("alert");
    expect(notice).toHaveTextContent("Meta (main) is on hold since");
    expect(notice).toHaveTextContent("The token has expired. Create a new token.");
    expect(within(notice).getByRole("link", { name: "Correct it" })).toHaveAttribute("href", `/destinations/${destination().id}`);
  });

  it("say how to replace a key that Stripe refuses", async () => {
    feedWith([destination({ status: "on_hold", kind: "stripe", name: "default" })]);
    await renderPayments();

    const notice = await screen.findByRole("alert");
    expect(notice).toHaveTextContent("Its actions on blocked payments wait until you correct it.");
  });

  it.each([
    ["throttled", "limits the rate of calls"],
    ["unavailable", "is unavailable"],
  ] as const)("ask for nothing while a destination is %s", async (status, words) => {
    feedWith([destination({ status })]);
    await renderPayments();

    expect(await screen.findByText(new RegExp(`${words}.*there is nothing to do`))).toBeVisible();
    expect(screen.queryByRole("link", { name: "Correct it" })).toBeNull();
  });

  it("are absent while all destinations are active", async () => {
    const { calls } = feedWith([destination({ status: "active", since: null, reason: null })]);
    await renderPayments();

    expect(calls).toContain("GET /api/v1/destinations");
    expect(screen.queryByRole("region", { name: "Destinations" })).toBeNull();
  });
});
