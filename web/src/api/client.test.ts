import { describe, expect, it, vi } from "vitest";

import { fakeApi, refuse } from "../test/fakeApi";
import { ApiError, get, post, Unreachable } from "./client";

describe("calls to the API", () => {
  it("lengthen a session that ran out, once for all who wait, and go on", async () => {
    let signedIn = false;
    const { calls } = fakeApi({
      "GET /api/v1/things": () => (signedIn ? { ok: true } : refuse({ status: 401, code: "session_ended" })),
      "POST /api/v1/auth/refresh": () => {
        signedIn = true;
        return {};
      },
    });

    await expect(Promise.all([get("/api/v1/things"), get("/api/v1/things")])).resolves.toHaveLength(2);
    expect(calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  it("fail with what the API says where the session cannot be lengthened", async () => {
    fakeApi({ "GET /api/v1/things": () => refuse({ status: 401, code: "session_ended" }) });

    await expect(get("/api/v1/things")).rejects.toMatchObject({ status: 401, code: "session_ended" });
  });

  it("send the token that the session's cookie asks for", async () => {
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

  it("leave out parameters that are not given", async () => {
    const { calls } = fakeApi({ "GET /api/v1/things": () => ({}) });

    await get("/api/v1/things", { limit: 5, cursor: undefined });
    expect(calls).toEqual(["GET /api/v1/things?limit=5"]);
  });

  it("tell no answer from a refusal", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    await expect(get("/api/v1/things")).rejects.toBeInstanceOf(Unreachable);

    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<html>", { status: 502 })));
    await expect(get("/api/v1/things")).rejects.toBeInstanceOf(ApiError);
  });
});
