import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { identity } from "../../test/builders/identity";
import { fakeApi, problemResponse, sendProblem } from "../../test/fakeApi";
import { FakeEventSource } from "../../test/fakeEventSource";
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
    await waitFor(() => {
      expect(document.title).toBe("Payments · Orylo");
    });
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
    expect(await screen.findByRole("alert")).toHaveTextContent("Try again in 15 minutes.");
    expect(screen.getByRole("button", { name: "Sign in" })).toBeDisabled();
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

  it("offers the shops of an email address that has several, then asks for the code", async () => {
    const tenants = [identity().tenant, { slug: "outra", name: "Outra Loja" }];
    const sent: unknown[] = [];
    fakeApi(
      {
        "POST /api/v1/auth/login": ({ body }) => {
          sent.push(body);
          const { tenant, totp } = body as { tenant: string | null; totp: string | null };
          if (tenant === null) return sendProblem({ status: 409, code: "tenant_needed", tenants });
          if (totp === null) return sendProblem({ status: 401, code: "totp_needed" });
          return { me: identity(), csrf_token: "t", expires_in_s: 900 };
        },
      },
      null,
    );
    renderApp();
    await signIn();
    expect(await screen.findByRole("heading", { name: "Which shop?" })).toHaveFocus();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();

    await userEvent.click(screen.getByRole("button", { name: /Outra Loja/ }));
    await userEvent.type(await screen.findByLabelText("Code from your authenticator app"), "123456{Enter}");
    expect(await screen.findByText("Minha Loja")).toBeVisible();
    expect(sent.at(-1)).toEqual({ email: "ana@shop.example", password: "a long password", tenant: "outra", totp: "123456" });
  });

  it("keeps asking for the code after a wrong one, and goes back on request", async () => {
    fakeApi(
      {
        "POST /api/v1/auth/login": ({ body }) =>
          sendProblem({ status: 401, code: (body as { totp: string | null }).totp === null ? "totp_needed" : "wrong_totp" }),
      },
      null,
    );
    renderApp();
    await signIn();
    await userEvent.type(await screen.findByLabelText("Code from your authenticator app"), "123456{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("The code is incorrect or has already been used.");

    await userEvent.click(screen.getByRole("button", { name: "Back" }));
    expect(screen.getByLabelText("Password")).toBeVisible();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  it("says that a session has ended, and comes back to the same address", async () => {
    let alive = true;
    const gone = () => sendProblem({ status: 401, code: "session_ended" });
    fakeApi({
      "GET /api/v1/auth/me": () => (alive ? identity() : gone()),
      "GET /api/v1/switches": () => (alive ? { items: [], available: [], gateways: [] } : gone()),
      "POST /api/v1/auth/login": () => {
        alive = true;
        return { me: identity(), csrf_token: "t", expires_in_s: 900 };
      },
    });
    renderApp("/payments?decision=block");
    expect(await screen.findByText("Minha Loja")).toBeVisible();
    alive = false;
    await FakeEventSource.latest.refuse(problemResponse({ status: 401, code: "session_ended" }));

    expect(await screen.findByText("Your session has ended. Sign in again to go on where you were.")).toBeVisible();
  });

  it("is in Portuguese on request", async () => {
    fakeApi({}, null);
    renderApp();
    await userEvent.click(await screen.findByRole("radio", { name: "Português" }));

    expect(await screen.findByRole("heading", { name: "Entrar no Orylo" })).toBeVisible();
    await userEvent.click(screen.getByRole("radio", { name: "English" }));
    expect(await screen.findByRole("heading", { name: "Sign in to Orylo" })).toBeVisible();
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
