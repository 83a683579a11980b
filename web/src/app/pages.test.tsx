import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { render, screen, waitFor } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";

import { identity } from "../test/builders/identity";
import { fakeApi } from "../test/fakeApi";
import { renderApp } from "../test/renderApp";
import { PageErrorBoundary } from "./PageErrorBoundary";
import { navigationOf, PAGES } from "./pages";

describe("the table of pages", () => {
  it("sets the document's title", async () => {
    fakeApi({}, null);
    renderApp("/login");

    await waitFor(() => {
      expect(document.title).toBe("Sign in · Orylo");
    });
  });

  it("makes the navigation of the pages that the user may open", () => {
    expect(navigationOf(identity()).map(({ id }) => id)).toContain("payments");
    expect(navigationOf(identity({ permissions: [] }))).toEqual([]);
  });

  it("is the one that the server has, which answers 404 at any other address", () => {
    const served = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../public/pages.json"), "utf8")) as unknown;

    expect(Object.fromEntries(PAGES.map(({ id, path }) => [id, path]))).toEqual(served);
  });

  it("has no path twice", () => {
    expect(new Set(PAGES.map(({ path }) => path)).size).toBe(PAGES.length);
  });
});

describe("an address without a page", () => {
  it("says so, with a link to the overview", async () => {
    fakeApi({}, null);
    renderApp("/no/such/page");

    expect(await screen.findByText("This address does not lead to a page.")).toBeVisible();
    expect(screen.getByRole("link", { name: "Go to the overview" })).toHaveAttribute("href", "/");
    expect(document.title).toBe("Not found · Orylo");
  });
});

describe("a page", () => {
  it("is replaced by a notice for a user without its permission", async () => {
    fakeApi({}, identity({ permissions: [] }));
    renderApp();

    expect(await screen.findByRole("alert")).toHaveTextContent("Your role has no access to this page.");
  });

  it("that cannot be loaded or rendered offers to reload", () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const Broken = () => {
      throw new Error("Failed to fetch dynamically imported module");
    };
    render(
      <PageErrorBoundary title="Live feed" advice="Try again to reload it.">
        <Broken />
      </PageErrorBoundary>,
    );

    expect(screen.getByRole("alert")).toHaveTextContent("Live feed could not be loaded");
    expect(screen.getByRole("button", { name: "Try again" })).toBeVisible();
  });
});
