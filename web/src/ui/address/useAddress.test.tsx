import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useLocation } from "react-router";
import { expect, it } from "vitest";

import { renderUi } from "../../test/renderUi";
import { useAddress } from "./useAddress";

interface Filters {
  size: "small" | "large" | undefined;
  open: string | undefined;
}

const codec = {
  read: (search: URLSearchParams): Filters => {
    const size = search.get("size");
    return { size: size === "small" || size === "large" ? size : undefined, open: search.get("open") ?? undefined };
  },
  write: ({ size, open }: Filters) => ({ size, open }),
};

function Page() {
  const [state, change] = useAddress(codec);
  return (
    <>
      <p>{`${useLocation().search} ${JSON.stringify(state)}`}</p>
      <button
        type="button"
        onClick={() => {
          change({ size: "large" });
        }}
      >
        Large
      </button>
      <button
        type="button"
        onClick={() => {
          change({ size: "large" });
          change({ open: "2" });
        }}
      >
        Both
      </button>
    </>
  );
}

it("reads and changes the address, and keeps the rest of the state", async () => {
  await renderUi(<Page />, "/?size=small&open=1");
  expect(screen.getByText('?size=small&open=1 {"size":"small","open":"1"}')).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Large" }));

  expect(screen.getByText('?size=large&open=1 {"size":"large","open":"1"}')).toBeVisible();
});

it("removes what it does not understand", async () => {
  await renderUi(<Page />, "/?size=huge&open=1&debug=1");

  expect(screen.getByText('?open=1 {"open":"1"}')).toBeVisible();
});

it("accepts its parameters in any order", async () => {
  await renderUi(<Page />, "/?open=1&size=small");

  expect(screen.getByText('?open=1&size=small {"size":"small","open":"1"}')).toBeVisible();
});

it("adds changes to each other that the router has not rendered yet", async () => {
  await renderUi(<Page />, "/?size=huge");
  await userEvent.click(screen.getByRole("button", { name: "Both" }));
  expect(await screen.findByText('?size=large&open=2 {"size":"large","open":"2"}')).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: "Large" }));

  expect(screen.getByText('?size=large&open=2 {"size":"large","open":"2"}')).toBeVisible();
});
