import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { MemoryRouter } from "react-router";

import { PageRoutes } from "../app/App";
import { newQueryClient } from "../app/queryClient";
// Loaded before the tests, which wait a second at most.
import "../app/SessionLayout";

/** Render the whole dashboard at an address. Failed queries are not retried: tests need not wait. */
export function renderApp(address = "/payments") {
  const queries = newQueryClient();
  queries.setDefaultOptions({ queries: { ...queries.getDefaultOptions().queries, retry: false } });
  return render(
    <QueryClientProvider client={queries}>
      <MemoryRouter initialEntries={[address]}>
        <PageRoutes />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}
