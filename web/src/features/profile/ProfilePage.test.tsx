import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { preferences } from "../../test/builders/preferences";
import { fakeApi, sendProblem } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";
import { chosenOf, isChanged, timezones } from "./choices";

const PATH = "/api/v1/me/preferences";

describe("the profile", () => {
  it("shows the preferences and saves changes, with the ETag of the state shown", async () => {
    let stored = preferences({ name: "Bia" });
    let seen: string | null = null;
    fakeApi({
      [`GET ${PATH}`]: () => stored,
      [`PUT ${PATH}`]: ({ body, headers }) => {
        seen = headers.get("If-Match");
        stored = preferences(body as object);
        return stored;
      },
    });
    renderApp("/settings/profile");
    expect(await screen.findByLabelText("Name")).toHaveValue("Bia");
    expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();

    await userEvent.type(screen.getByLabelText("Name"), "nca");
    await userEvent.selectOptions(screen.getByLabelText("Time zone"), "Europe/Lisbon");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Your preferences are saved.")).toBeVisible();
    expect(stored).toMatchObject({ name: "Bianca", timezone: "Europe/Lisbon", language: null, theme: "system" });
    expect(seen).not.toBeNull();
  });

  it("says that another tab changed them, and shows the new state", async () => {
    let stored = preferences({ name: "Bia" });
    fakeApi({
      [`GET ${PATH}`]: () => stored,
      [`PUT ${PATH}`]: () => {
        stored = preferences({ name: "Beatriz" });
        return sendProblem({ status: 412, code: "precondition_failed" });
      },
    });
    renderApp("/settings/profile");
    await userEvent.type(await screen.findByLabelText("Name"), "nca");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));

    expect(await screen.findByRole("alert")).toHaveTextContent("Your preferences were changed in another tab or device.");
    await waitFor(() => {
      expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("Beatriz");
    });
  });

  it("shows that the preferences could not be loaded", async () => {
    fakeApi({ [`GET ${PATH}`]: () => sendProblem({ status: 503, code: "unavailable" }) });
    renderApp("/settings/profile");

    expect(await screen.findByRole("alert")).toHaveTextContent("Your preferences could not be loaded");
  });

  it("detects changes, and keeps a time zone that the browser calls otherwise", () => {
    expect(isChanged(preferences(), { ...chosenOf(preferences()), theme: "dark" })).toBe(true);
    expect(isChanged(preferences(), chosenOf(preferences()))).toBe(false);
    expect(timezones("Old/Name")[0]).toBe("Old/Name");
    expect(timezones(null)).toContain("America/Sao_Paulo");
  });
});
