import { vi } from "vitest";

import type { Identity, TenantName } from "../api/types";
import { identity, overview } from "./builders";

interface Refused {
  status: number;
  code: string;
  detail?: string;
  tenants?: TenantName[];
  retryAfter?: number;
}

type Handler = (request: { query: URLSearchParams; body: unknown; headers: Headers }) => unknown;

export const refuse = (refusal: Refused): never => {
  throw Object.assign(new Error(refusal.code), { refusal });
};

const page = (items: unknown[] = []) => ({ items, next_cursor: null });

/** Stands in for the API: handlers by `METHOD path`; what is not said is empty. */
export function fakeApi(handlers: Record<string, Handler> = {}, signedInAs: Identity | null = identity()) {
  const all: Record<string, Handler> = {
    "GET /api/v1/auth/me": () => signedInAs ?? refuse({ status: 401, code: "session_ended" }),
    "POST /api/v1/auth/refresh": () => refuse({ status: 401, code: "session_ended" }),
    "GET /api/v1/overview": () => overview(),
    "GET /api/v1/detections": () => page(),
    "GET /api/v1/conversions": () => page(),
    "GET /api/v1/customers": () => page(),
    ...handlers,
  };
  const calls: string[] = [];
  document.cookie = signedInAs === null ? "orylo_csrf=; max-age=0" : "orylo_csrf=t";

  const answer = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input as string, "http://orylo.test");
    const call = `${init.method ?? "GET"} ${url.pathname}`;
    calls.push(call + url.search);
    const handler = all[call];
    if (handler === undefined) return problem({ status: 404, code: "not_found" });
    try {
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
      const given = await handler({ query: url.searchParams, body, headers: new Headers(init.headers) });
      return given === undefined ? new Response(null, { status: 204 }) : Response.json(given);
    } catch (error) {
      if (error instanceof Error && "refusal" in error) return problem(error.refusal as Refused);
      throw error;
    }
  };
  vi.stubGlobal("fetch", vi.fn(answer));
  return { calls };
}

function problem({ status, code, detail, tenants, retryAfter }: Refused): Response {
  return new Response(JSON.stringify({ type: `urn:orylo:problem:${code}`, title: code, status, detail, tenants }), {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
    },
  });
}
