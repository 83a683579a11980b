import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { fakeApi, pageOf } from "../../../test/fakeApi";
import { listedPayments } from "../../../test/builders/payments";
import { renderApp } from "../../../test/renderApp";

function openList(address: string, currency: string | null) {
  const asked = vi.fn();
  fakeApi({
    "GET /api/v1/payments": ({ query }) => {
      asked(query.get("min_amount"), query.get("currency"));
      return pageOf(listedPayments(1));
    },
    "GET /api/v1/settings": () => ({ items: [{ section: "shop", fields: [{ name: "currency", value: currency }] }] }),
  });
  renderApp(address);
  return asked;
}

it.each([
  ["BRL", "12.5", "1250"],
  ["JPY", "500", "500"],
  ["KWD", "1.5", "1500"],
])("reads an amount in the minor units of %s", async (currency, typed, minor) => {
  const asked = openList(`/payments?currency=${currency}`, "BRL");
  await userEvent.type(await screen.findByRole("spinbutton", { name: "Amount from" }), typed);
  await userEvent.tab();

  await waitFor(() => {
    expect(asked).toHaveBeenLastCalledWith(minor, currency);
  });
});

it("takes an amount without a currency as one in the shop's", async () => {
  const asked = openList("/payments?verdict=none", "JPY");
  await waitFor(() => {
    expect(screen.getByRole("spinbutton", { name: "Amount from" })).toHaveAttribute("step", "1");
  });
  await userEvent.type(screen.getByRole("spinbutton", { name: "Amount from" }), "500");
  await userEvent.tab();

  await waitFor(() => {
    expect(asked).toHaveBeenLastCalledWith("500", "JPY");
  });
});

it("keeps the amount when its currency changes", async () => {
  const asked = openList("/payments?currency=BRL&min_amount=1000", "BRL");
  await userEvent.selectOptions(await screen.findByRole("combobox", { name: "Currency" }), "JPY");

  await waitFor(() => {
    expect(asked).toHaveBeenLastCalledWith("10", "JPY");
  });
});
