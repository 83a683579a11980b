import { describe, expect, it, vi } from "vitest";

import { fakeApi, sendProblem } from "../test/fakeApi";
import { ApiError, get, post, Unreachable } from "./client";

describe("a call to the API", () => {
  it("refreshes an expired session once for all waiting calls, then repeats them", async () => {
    let signedIn = false;
    const { calls } = fakeApi({
      "GET /api/v1/things": () => (signedIn ? { ok: true } : sendProblem({ status: 401, code: "session_ended" })),
      "POST /api/v1/auth/refresh": () => {
        signedIn = true;
        return {};
      },
    });

    await expect(Promise.all([get("/api/v1/things"), get("/api/v1/things")])).resolves.toHaveLength(2);
    expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  it("fails with the API's problem if the session cannot be refreshed", async () => {
    fakeApi({ "GET /api/v1/things": () => sendProblem({ status: 401, code: "session_ended" }) });

    await expect(get("/api/v1/things")).rejects.toMatchObject({ status: 401, code: "session_ended" });
  });

  it("sends the CSRF token from the cookie", async () => {
    let sent: string | null = null;
    fakeApi({
      "POST /api/v1/things": ({ headers }) => {
        sent = headers.get("X-CSRF-Token");
      },
    });
    document.cookie = "orylo_csrf=a%2Bb";

    await post("/api/v1/things", { name: "x" });
    expect(sent).toBe("a+b");
  });

  it("omits undefined parameters", async () => {
    const { calls } = fakeApi({ "GET /api/v1/things": () => ({}) });

    await get("/api/v1/things", { limit: 5, cursor: undefined });
    expect(calls).toEqual(["GET /api/v1/things?limit=5"]);
  });

  it("distinguishes a missing response from an error response", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    await expect(get("/api/v1/things")).rejects.toBeInstanceOf(Unreachable);

    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<html>", { status: 502 })));
    await expect(get("/api/v1/things")).rejects.toBeInstanceOf(ApiError);
  });
});
