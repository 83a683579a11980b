import { Suspense } from "react";

import { act, render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { Identity } from "../api/types";
import { identity } from "../test/builders/identity";
import { Guarded } from "./Guarded";
import { IdentityContext, type Permission } from "./identity";
import { sessionWords } from "./words";

async function renderGuarded(permission: Permission, user: Identity) {
  await act(async () => {
    render(
      <Suspense>
        <IdentityContext value={user}>
          <Guarded permission={permission}>
            <button type="button">Replay 214</button>
          </Guarded>
        </IdentityContext>
      </Suspense>,
    );
    await sessionWords.read("en");
  });
}

describe("Guarded", () => {
  it("leaves the control as it is for those who may", async () => {
    await renderGuarded("dead_letters.settle", identity({ permissions: ["read", "dead_letters.settle"] }));

    expect(screen.getByRole("button", { name: "Replay 214" })).toBeEnabled();
    expect(screen.queryByText(/^Only/)).not.toBeInTheDocument();
  });

  it.each<[Permission, string]>([
    ["dead_letters.settle", "Only owners and admins may do this."],
    ["customers.set_status", "Only owners, admins, and analysts may do this."],
    ["switches.change_platform", "Only the platform's operators may do this."],
  ])("disables the control without %s and says who may", async (permission, reason) => {
    await renderGuarded(permission, identity({ role: "viewer" }));

    expect(screen.getByRole("button", { name: "Replay 214" })).toBeDisabled();
    expect(screen.getByRole("button", { name: reason })).toBeEnabled();
  });
});
