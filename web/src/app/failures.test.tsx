import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { ApiError, Unreachable } from "../api/client";
import { renderUi } from "../test/renderUi";
import { useProblemText } from "../ui/problems/problemText";
import { Failed } from "../ui/states/Failed";
import { FormError } from "../ui/states/FormError";

const ID = "0195a3f2-6c1d-7b4e-9a57-3f1c2d8e4b60";

const failure = (status: number, code: string, request_id: string | null = ID) =>
  new ApiError(status, { type: `urn:orylo:problem:${code}`, detail: "Not now.", request_id });

function Form({ error }: { error: Error }) {
  return <FormError text={useProblemText()(error)} />;
}

describe("the failed state", () => {
  it.each([404, 500])("shows the request id of a %d, and copies it", async (status) => {
    const user = userEvent.setup();
    await renderUi(<Failed what="the payments" error={failure(status, "whatever")} retry={vi.fn()} />);

    const alert = screen.getByRole("alert");
    expect(alert).toHaveTextContent("The payments could not be loaded");
    expect(alert).toHaveTextContent("Not now.");
    expect(alert).toHaveTextContent(`Request id, for support: ${ID}`);
    await user.click(within(alert).getByRole("button", { name: new RegExp(`^${ID}`) }));

    expect(await navigator.clipboard.readText()).toBe(ID);
  });

  const without: [string, Error][] = [
    ["without a request id", failure(502, "bad_gateway", null)],
    ["without any response", new Unreachable(new TypeError("network"))],
  ];
  it.each(without)("shows none for an error %s", async (_, error) => {
    await renderUi(<Failed what="the payments" error={error} />);
    expect(screen.getByRole("alert")).not.toHaveTextContent("Request");
  });
});

describe("an error of a form", () => {
  it("names the request only if the server is at fault", async () => {
    await renderUi([<Form key="1" error={failure(500, "internal")} />, <Form key="2" error={failure(409, "case_held")} />]);

    const [internal, held] = screen.getAllByRole("alert");
    expect(internal).toHaveTextContent(`Try again later. (Request ${ID})`);
    expect(held).toHaveTextContent(/^Not now\.$/);
  });
});
