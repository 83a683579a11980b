import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { MemoryRouter } from "react-router";

import { newQueryClient, Screens } from "../app/App";

/** The whole dashboard at an address. What is refused is not tried again, so that tests need not wait. */
export function renderScreens(address = "/") {
  const queries = newQueryClient();
  queries.setDefaultOptions({ queries: { ...queries.getDefaultOptions().queries, retry: false } });
  return render(
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={[address]}>
        <Screens />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}
