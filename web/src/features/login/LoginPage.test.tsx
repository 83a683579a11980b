import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { identity } from "../../test/builders";
import { fakeApi, refuse } from "../../test/fakeApi";
import { renderScreens } from "../../test/renderScreens";

async function signIn() {
  await userEvent.type(await screen.findByLabelText("E-mail"), "ana@shop.example");
  await userEvent.type(screen.getByLabelText("Password"), "a long password");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("signing in", () => {
  it("leads to the page that was asked for", async () => {
    fakeApi({ "POST /api/v1/auth/login": () => ({ me: identity(), csrf_token: "t", expires_in_s: 900 }) }, null);
    renderScreens("/?decision=block");
    await signIn();

    expect(await screen.findByText("Minha Loja")).toBeVisible();
    expect(screen.getByRole("radio", { name: "Blocked" })).toBeChecked();
  });

  it("says when address or password are wrong, and keeps what was typed", async () => {
    fakeApi({ "POST /api/v1/auth/login": () => refuse({ status: 401, code: "wrong_credentials" }) }, null);
    renderScreens();
    await signIn();

    expect(await screen.findByRole("alert")).toHaveTextContent("The e-mail address or the password is wrong.");
    expect(screen.getByLabelText("E-mail")).toHaveValue("ana@shop.example");
  });

  it("says how long to wait after too many attempts", async () => {
    fakeApi(
      { "POST /api/v1/auth/login": () => refuse({ status: 429, code: "too_many_attempts", retryAfter: 900 }) },
      null,
    );
    renderScreens();
    await signIn();

    expect(await screen.findByRole("alert")).toHaveTextContent("Too many attempts. Try again in 15 minutes.");
  });

  it("asks for the code of a second factor where there is one", async () => {
    let sent: unknown;
    fakeApi(
      {
        "POST /api/v1/auth/login": ({ body }) => {
          sent = body;
          if ((body as { totp: string | null }).totp === null) return refuse({ status: 401, code: "totp_needed" });
          return { me: identity(), csrf_token: "t", expires_in_s: 900 };
        },
      },
      null,
    );
    renderScreens();
    await signIn();
    await userEvent.type(await screen.findByLabelText("Code from your authenticator"), "123456");
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));

    expect(await screen.findByText("Minha Loja")).toBeVisible();
    expect(sent).toMatchObject({ email: "ana@shop.example", totp: "123456", tenant: null });
  });

  it("offers the accounts of an address that has several", async () => {
    const tenants = [identity().tenant, { slug: "outra", name: "Outra Loja" }];
    let sent: unknown;
    fakeApi(
      {
        "POST /api/v1/auth/login": ({ body }) => {
          sent = body;
          if ((body as { tenant: string | null }).tenant === null) {
            return refuse({ status: 409, code: "tenant_needed", tenants });
          }
          return { me: identity(), csrf_token: "t", expires_in_s: 900 };
        },
      },
      null,
    );
    renderScreens();
    await signIn();
    const choice = await screen.findByRole("combobox", { name: "Account" });
    expect(choice).toHaveFocus();
    expect(screen.getByRole("alert")).toHaveTextContent("This e-mail address has several accounts. Choose one.");

    await userEvent.selectOptions(choice, "Outra Loja (outra)");
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByText("Minha Loja")).toBeVisible();
    expect(sent).toMatchObject({ tenant: "outra" });
  });

  it("says when the server does not answer", async () => {
    fakeApi(
      {
        "POST /api/v1/auth/login": () => {
          throw new TypeError("network");
        },
      },
      null,
    );
    renderScreens();
    await signIn();

    expect(await screen.findByRole("alert")).toHaveTextContent("Orylo does not answer");
  });
});
