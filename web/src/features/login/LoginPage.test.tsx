import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { identity } from "../../test/builders/identity";
import { fakeApi, sendProblem } from "../../test/fakeApi";
import { renderApp } from "../../test/renderApp";

async function signIn() {
  await userEvent.type(await screen.findByLabelText("Email"), "ana@shop.example");
  await userEvent.type(screen.getByLabelText("Password"), "a long password");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("signing in", () => {
  it("opens the page that was requested", async () => {
    fakeApi({ "POST /api/v1/auth/login": () => ({ me: identity(), csrf_token: "t", expires_in_s: 900 }) }, null);
    renderApp("/payments?decision=block");
    await signIn();

    expect(await screen.findByText("Minha Loja")).toBeVisible();
    expect(await screen.findByRole("radio", { name: "Blocked" })).toBeChecked();
  });

  it("shows that email or password is incorrect and keeps the input", async () => {
    fakeApi({ "POST /api/v1/auth/login": () => sendProblem({ status: 401, code: "wrong_credentials" }) }, null);
    renderApp();
    await signIn();

    expect(await screen.findByRole("alert")).toHaveTextContent("The email address or password is incorrect.");
    expect(screen.getByLabelText("Email")).toHaveValue("ana@shop.example");
  });

  it("shows how long to wait after too many attempts", async () => {
    fakeApi(
      { "POST /api/v1/auth/login": () => sendProblem({ status: 429, code: "too_many_attempts", retryAfter: 900 }) },
      null,
    );
    renderApp();
    await signIn();

    expect(await screen.findByRole("alert")).toHaveTextContent("Too many attempts. Try again in 15 minutes.");
  });

  it("asks for a code if two-factor authentication is on", async () => {
    let sent: unknown;
    fakeApi(
      {
        "POST /api/v1/auth/login": ({ body }) => {
          sent = body;
          if ((body as { totp: string | null }).totp === null) return sendProblem({ status: 401, code: "totp_needed" });
          return { me: identity(), csrf_token: "t", expires_in_s: 900 };
        },
      },
      null,
    );
    renderApp();
    await signIn();
    await userEvent.type(await screen.findByLabelText("Code from your authenticator app"), "123456");
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));

    expect(await screen.findByText("Minha Loja")).toBeVisible();
    expect(sent).toMatchObject({ email: "ana@shop.example", totp: "123456", tenant: null });
  });

  it("offers the accounts of an email address that has several", async () => {
    const tenants = [identity().tenant, { slug: "outra", name: "Outra Loja" }];
    let sent: unknown;
    fakeApi(
      {
        "POST /api/v1/auth/login": ({ body }) => {
          sent = body;
          if ((body as { tenant: string | null }).tenant === null) {
            return sendProblem({ status: 409, code: "tenant_needed", tenants });
          }
          return { me: identity(), csrf_token: "t", expires_in_s: 900 };
        },
      },
      null,
    );
    renderApp();
    await signIn();
    const choice = await screen.findByRole("combobox", { name: "Account" });
    expect(choice).toHaveFocus();
    expect(screen.getByRole("alert")).toHaveTextContent("This email address has several accounts. Choose one.");

    await userEvent.selectOptions(choice, "Outra Loja (outra)");
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText("Minha Loja")).toBeVisible();
    expect(sent).toMatchObject({ tenant: "outra" });
  });

  it("shows that the server is not responding", async () => {
    fakeApi(
      {
        "POST /api/v1/auth/login": () => {
          throw new TypeError("network");
        },
      },
      null,
    );
    renderApp();
    await signIn();

    expect(await screen.findByRole("alert")).toHaveTextContent("Orylo is not responding");
  });
});
