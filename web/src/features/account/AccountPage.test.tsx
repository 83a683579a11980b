import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { fakeApi, sendProblem } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";

const PATH = "/api/v1/account/second-factor";
const ENROLMENT = { secret: "JBSWY3DPEHPK3PXP", otpauth_uri: "otpauth://totp/Orylo:ana?secret=JBSWY3DPEHPK3PXP" };
const CODES = ["aaaa-bbbb-cccc-dddd", "eeee-ffff-2222-3333"];

/** The API of a user whose second factor is off or on. */
function account({ enabled = false, left = 10 } = {}) {
  const state = { enabled, recovery_codes_left: enabled ? left : 0 };
  const bodies: unknown[] = [];
  const api = fakeApi({
    [`GET ${PATH}`]: () => state,
    [`POST ${PATH}/enrolment`]: ({ body }) => {
      bodies.push(body);
      return ENROLMENT;
    },
    [`POST ${PATH}/confirmation`]: ({ body }) => {
      bodies.push(body);
      if ((body as { code: string }).code !== "123456") return sendProblem({ status: 422, code: "validation", field: "body.code" });
      state.enabled = true;
      return { recovery_codes: CODES };
    },
    [`POST ${PATH}/disable`]: ({ body }) => {
      bodies.push(body);
      if ((body as { password: string }).password !== "right") {
        return sendProblem({ status: 422, code: "validation", field: "body.password" });
      }
      return { enabled: false, recovery_codes_left: 0 };
    },
  });
  renderApp("/account");
  return { ...api, bodies };
}

async function beginSetUp(password = "right") {
  await userEvent.click(await screen.findByRole("button", { name: "Set up" }));
  expect(screen.getByLabelText("Your password")).toHaveFocus();
  await userEvent.keyboard(`${password}{Enter}`);
}

describe("account security", () => {
  it("is reached from the user menu", async () => {
    fakeApi({ [`GET ${PATH}`]: () => ({ enabled: false, recovery_codes_left: 0 }) });
    renderApp();
    await userEvent.click(await screen.findByRole("button", { name: /Signed in as/ }));
    await userEvent.click(screen.getByRole("menuitem", { name: "Account security" }));

    expect(await screen.findByRole("heading", { name: "Account security" })).toBeVisible();
    expect(screen.queryByRole("menuitem", { name: "Sign out" })).not.toBeInTheDocument();
  });

  it("turns the second factor on with the keyboard alone", async () => {
    const { bodies } = account();
    await beginSetUp();

    expect(await screen.findByRole("img", { name: "QR code for your authenticator app" })).toBeVisible();
    expect(screen.getByRole("region", { name: "Key" })).toHaveTextContent(ENROLMENT.secret);
    expect(screen.getByLabelText("Code that the app shows")).toHaveFocus();
    await userEvent.keyboard("123456{Enter}");

    expect(await screen.findByRole("heading", { name: /Save your recovery codes/ })).toHaveFocus();
    expect(screen.getByRole("region", { name: "Recovery codes" })).toHaveTextContent(CODES.join(" "));
    expect(bodies).toEqual([{ password: "right" }, { code: "123456" }]);
  });

  it("offers the recovery codes to copy and download, and does not show them again", async () => {
    account();
    const written = vi.fn();
    await beginSetUp();
    await userEvent.type(await screen.findByLabelText("Code that the app shows"), "123456{Enter}");
    Object.defineProperty(navigator, "clipboard", { value: { writeText: written }, configurable: true });
    await userEvent.click(await screen.findByRole("button", { name: "Copy Recovery codes" }));

    expect(written).toHaveBeenCalledWith(CODES.join("\n"));
    const link = screen.getByRole("link", { name: "Download" });
    expect(decodeURIComponent(link.getAttribute("href") ?? "")).toContain(`${CODES.join("\n")}\n`);
    expect(link).toHaveAttribute("download", "orylo-recovery-codes.txt");

    await userEvent.click(screen.getByRole("button", { name: "I have saved them" }));
    expect(await screen.findByRole("button", { name: "Turn off…" })).toBeVisible();
    expect(screen.queryByText(CODES[0] ?? "")).not.toBeInTheDocument();
  });

  it("says that a code is incorrect and lets one try again", async () => {
    account();
    await beginSetUp();
    const field = await screen.findByLabelText("Code that the app shows");
    await userEvent.type(field, "999999{Enter}");

    expect(await screen.findByRole("alert")).toHaveTextContent("The code is incorrect or has already been used.");
    await userEvent.clear(field);
    await userEvent.type(field, "123456{Enter}");
    expect(await screen.findByRole("heading", { name: /Save your recovery codes/ })).toBeVisible();
  });

  it("says how long to wait after too many attempts", async () => {
    fakeApi({
      [`GET ${PATH}`]: () => ({ enabled: false, recovery_codes_left: 0 }),
      [`POST ${PATH}/enrolment`]: () => sendProblem({ status: 429, code: "too_many_attempts", retryAfter: 900 }),
    });
    renderApp("/account");
    await beginSetUp();

    expect(await screen.findByRole("alert")).toHaveTextContent("Too many attempts. Try again in 15 minutes.");
  });

  it("turns the second factor off with the password and a code", async () => {
    const { bodies } = account({ enabled: true });
    await userEvent.click(await screen.findByRole("button", { name: "Turn off…" }));
    await userEvent.type(screen.getByLabelText("Your password"), "wrong");
    await userEvent.type(screen.getByLabelText("Code from your app, or a recovery code"), "123456{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("The password is incorrect.");

    await userEvent.clear(screen.getByLabelText("Your password"));
    await userEvent.type(screen.getByLabelText("Your password"), "right{Enter}");
    expect(await screen.findByRole("button", { name: "Set up" })).toBeVisible();
    expect(bodies.at(-1)).toEqual({ password: "right", code: "123456" });
  });

  it("warns when few recovery codes are left", async () => {
    account({ enabled: true, left: 2 });

    expect(await screen.findByText("To get new recovery codes, turn it off and set it up again.")).toBeVisible();
  });

  it("shows loading, and a failure with a way to try again", async () => {
    let up = false;
    fakeApi({
      [`GET ${PATH}`]: () => (up ? { enabled: false, recovery_codes_left: 0 } : sendProblem({ status: 503, code: "unavailable" })),
    });
    renderApp("/account");
    expect(await screen.findByText("Loading two-factor authentication…")).toBeInTheDocument();
    expect(await screen.findByRole("alert")).toHaveTextContent("Two-factor authentication could not be loaded");

    up = true;
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("button", { name: "Set up" })).toBeVisible();
  });
});
