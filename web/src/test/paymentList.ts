import { screen } from "@testing-library/react";

import { FakeEventSource } from "./fakeEventSource";
import { renderApp } from "./renderApp";

/** Render the list of payments, wait for its table and open the stream, which is returned. */
export async function renderPayments(): Promise<FakeEventSource> {
  renderApp();
  await screen.findByRole("table");
  FakeEventSource.latest.open();
  return FakeEventSource.latest;
}

/** The rows of the table without its header. */
export const paymentRows = (): HTMLElement[] => screen.getAllByRole("row").slice(1);
