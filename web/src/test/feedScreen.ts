import { screen } from "@testing-library/react";

import { FakeEventSource } from "./fakeEventSource";
import { renderApp } from "./renderApp";

/** Render the live feed, wait for its table and open the stream, which is returned. */
export async function renderFeed(): Promise<FakeEventSource> {
  renderApp();
  await screen.findByRole("table");
  FakeEventSource.latest.open();
  return FakeEventSource.latest;
}

/** The rows of the table without its header. */
export const feedRows = (): HTMLElement[] => screen.getAllByRole("row").slice(1);
