import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { act, screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { identity } from "../test/builders/identity";
import { fakeApi } from "../test/fakeApi";
import { renderApp } from "../test/renderApp";
import { renderUi } from "../test/renderUi";
import { PageErrorBoundary } from "./PageErrorBoundary";
import { PageFailed } from "./PageFailed";
import { navigationOf, PAGES } from "./pages";
import { reload } from "./reload";

vi.mock("./reload");

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

  describe("that cannot be loaded or rendered", () => {
    beforeEach(() => {
      vi.useFakeTimers();
      vi.mocked(reload).mockClear();
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      return () => vi.useRealTimers();
    });

    /** Let the page fail while the server responds as it does at each check. A null is no response. */
    async function failWhile(...statuses: (number | null)[]) {
      const respond = vi.fn(() => {
        const status = statuses.length > 1 ? statuses.shift() : statuses[0];
        return status ? Promise.resolve(new Response(null, { status })) : Promise.reject(new TypeError("Failed to fetch"));
      });
      vi.stubGlobal("fetch", respond);
      const Broken = () => {
        throw new TypeError("Failed to fetch dynamically imported module");
      };
      await renderUi(
        <PageErrorBoundary failed={<PageFailed title="Live feed" advice="Try again to reload it." />}>
          <Broken />
        </PageErrorBoundary>,
      );
      await act(() => vi.advanceTimersByTimeAsync(0));
      return respond;
    }

    it("offers to reload", async () => {
      await failWhile(200);

      expect(screen.getByRole("alert")).toHaveTextContent("Live feed could not be loaded");
      expect(screen.getByRole("alert")).toHaveTextContent("Try again to reload it.");
      screen.getByRole("button", { name: "Try again" }).click();
      expect(reload).toHaveBeenCalledTimes(1);
    });

    it.each([null, 502])("is reloaded once the server is back, which was down (%s)", async (down) => {
      await failWhile(down, down, 200);
      expect(screen.getByRole("alert")).toHaveTextContent("Orylo is not responding.");
      expect(screen.getByRole("button", { name: "Try again" })).toBeVisible();
      await act(() => vi.advanceTimersByTimeAsync(5_000));
      expect(reload).not.toHaveBeenCalled();
      await act(() => vi.advanceTimersByTimeAsync(5_000));
      expect(reload).toHaveBeenCalledTimes(1);
    });

    it("is reloaded as soon as the browser is online again", async () => {
      await failWhile(null, 200);
      window.dispatchEvent(new Event("online"));
      await act(() => vi.advanceTimersByTimeAsync(0));

      expect(reload).toHaveBeenCalledTimes(1);
    });

    it("is not reloaded again and again if the server was never down", async () => {
      const respond = await failWhile(200);
      await act(() => vi.advanceTimersByTimeAsync(60_000));

      expect(respond).toHaveBeenCalledTimes(1);
      expect(reload).not.toHaveBeenCalled();
    });
  });
});
