import { vi } from "vitest";

import type { Identity, TenantName } from "../api/types";
import { identity } from "./builders/identity";
import { overview } from "./builders/overview";
import { preferences } from "./builders/preferences";

interface ProblemResponse {
  status: number;
  code: string;
  detail?: string;
  tenants?: TenantName[];
  /** The invalid field of a 422. */
  field?: string;
  retryAfter?: number;
}

type Handler = (request: { query: URLSearchParams; body: unknown; headers: Headers }) => unknown;

/** Respond with a problem. To be called in a handler. */
export const sendProblem = (problem: ProblemResponse): never => {
  throw Object.assign(new Error(problem.code), { problem });
};

/** A page of a list, as the API returns it. */
export const pageOf = (items: unknown[] = [], next_cursor: string | null = null) => ({ items, next_cursor });

/**
 * Replace `fetch` by an API with the given handlers, by `METHOD path`. Lists without a handler are empty.
 * Returns the calls made.
 */
export function fakeApi(handlers: Record<string, Handler> = {}, signedInAs: Identity | null = identity()) {
  const all: Record<string, Handler> = {
    "GET /api/v1/auth/me": () => signedInAs ?? sendProblem({ status: 401, code: "session_ended" }),
    "POST /api/v1/auth/refresh": () => sendProblem({ status: 401, code: "session_ended" }),
    "GET /api/v1/overview": () => overview(),
    "GET /api/v1/payments": () => pageOf(),
    "GET /api/v1/views": () => ({ items: [] }),
    "GET /api/v1/conversions": () => pageOf(),
    "GET /api/v1/customers": () => pageOf(),
    "GET /api/v1/destinations": () => ({ items: [] }),
    "GET /api/v1/me/preferences": () => preferences(),
    "GET /api/v1/me/sessions": () => ({ items: [] }),
    "GET /api/v1/review/summary": () => ({ open: 0 }),
    "GET /api/v1/problems/summary": () => ({ dead_letters: 0, quarantine: 0, rejections: 0 }),
    "GET /api/v1/switches": () => ({ items: [], available: [], gateways: [] }),
    ...handlers,
  };
  const calls: string[] = [];
  document.cookie = signedInAs === null ? "orylo_csrf=; max-age=0" : "orylo_csrf=t";

  const respond = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input as string, "http://orylo.test");
    const call = `${init.method ?? "GET"} ${url.pathname}`;
    calls.push(call + url.search);
    const handler = all[call];
    if (handler === undefined) return problemResponse({ status: 404, code: "not_found" });
    try {
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
      const result = await handler({ query: url.searchParams, body, headers: new Headers(init.headers) });
      if (result instanceof Response) return result;
      if (result === undefined) return new Response(null, { status: 204 });
      return Response.json(result, { headers: { ETag: `"${encodeURIComponent(JSON.stringify(result))}"` } });
    } catch (error) {
      if (error instanceof Error && "problem" in error) return problemResponse(error.problem as ProblemResponse);
      throw error;
    }
  };
  vi.stubGlobal("fetch", vi.fn(respond));
  return { calls };
}

export function problemResponse({ status, code, detail, tenants, field, retryAfter }: ProblemResponse): Response {
  const errors = field === undefined ? null : [{ field, message: "is wrong" }];
  return new Response(JSON.stringify({ type: `urn:orylo:problem:${code}`, title: code, status, detail, tenants, errors }), {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
    },
  });
}
