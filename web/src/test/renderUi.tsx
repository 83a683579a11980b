import { type ReactNode, Suspense } from "react";

import { render } from "@testing-library/react";
import { MemoryRouter } from "react-router";

import { uiWords } from "../ui/words";

/** Render components at an address, after the words of the controls have loaded. */
export async function renderUi(children: ReactNode, address = "/") {
  await uiWords.read("en");
  return render(
    <MemoryRouter initialEntries={[address]}>
      <Suspense>{children}</Suspense>
    </MemoryRouter>,
  );
}
