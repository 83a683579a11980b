import type { Problem } from "./types";

/** The API responded with an error. `detail` is a sentence to show to the user. */
export class ApiError extends Error {
  readonly status: number;
  /** A stable code such as `wrong_credentials`: the last part of the problem's type. */
  readonly code: string;
  readonly detail: string;
  readonly problem: Partial<Problem>;
  /** Seconds to wait, if the API sent Retry-After. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Partial<Problem>, retryAfter?: number) {
    const detail = problem.detail ?? problem.title ?? `The server responded with status ${status}.`;
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.type?.split(":").at(-1) ?? "";
    this.detail = detail;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** There was no response: the server or the connection to it is down. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("Orylo is not responding. Check your connection, then try again.", { cause });
    this.name = "Unreachable";
  }
}

type Parameters = Record<string, string | number | boolean | undefined>;

export async function get<Result>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Result> {
  return withSession<Result>(path + query(parameters), { ...(signal && { signal }) });
}

/** How a change is sent. */
export interface Change {
  body?: unknown;
  /** The same key again repeats the first response and changes nothing more. */
  idempotencyKey?: string;
  /** The ETag of what the user saw: the API refuses with 412 if somebody has changed it since. */
  ifMatch?: string;
  signal?: AbortSignal;
  /** Send it even if the page is closed meanwhile. */
  keepalive?: boolean;
}

export type ChangeMethod = "POST" | "PUT" | "PATCH" | "DELETE";

/** Change something, with a session. */
export async function change<Result>(method: ChangeMethod, path: string, options: Change = {}): Promise<Result> {
  return withSession<Result>(path, changeInit(method, options));
}

export async function post<Result>(path: string, body?: unknown): Promise<Result> {
  return change<Result>("POST", path, { body });
}

/** A resource and its ETag, which a later change sends as `ifMatch`. */
export interface Tagged<Result> {
  value: Result;
  etag: string;
}

export async function getTagged<Result>(path: string, signal?: AbortSignal): Promise<Tagged<Result>> {
  const response = await respondWithSession(path, { ...(signal && { signal }) });
  return { value: (await response.json()) as Result, etag: response.headers.get("ETag") ?? "" };
}

/** Like `post`, but a 401 does not refresh the session. For sign-in, refresh and sign-out. */
export async function postWithoutRefresh<Result>(path: string, body?: unknown): Promise<Result> {
  return read<Result>(await call(path, changeInit("POST", { body })));
}

/** Return whether there may be a session: this cookie lives exactly as long as the session can be refreshed. */
export function mayHaveSession(): boolean {
  return cookie("orylo_csrf") !== undefined;
}

let refreshing: Promise<unknown> | null = null;

/** Refresh the session. Concurrent calls share one request. */
function refreshSession(): Promise<unknown> {
  refreshing ??= postWithoutRefresh("/api/v1/auth/refresh").finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function withSession<Result>(url: string, init: RequestInit): Promise<Result> {
  return read<Result>(await respondWithSession(url, init));
}

async function respondWithSession(url: string, init: RequestInit): Promise<Response> {
  try {
    return await call(url, init);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    await refreshSession();
    return call(url, withToken(init));
  }
}

function changeInit(method: ChangeMethod, { body, idempotencyKey, ifMatch, signal, keepalive = false }: Change): RequestInit {
  const headers = new Headers();
  if (body !== undefined) headers.set("Content-Type", "application/json");
  if (idempotencyKey !== undefined) headers.set("Idempotency-Key", idempotencyKey);
  if (ifMatch !== undefined) headers.set("If-Match", ifMatch);
  return withToken({
    method,
    headers,
    keepalive,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
}

function withToken(init: RequestInit): RequestInit {
  const token = cookie("orylo_csrf");
  if (init.method === undefined || token === undefined) return init;
  const headers = new Headers(init.headers);
  headers.set("X-CSRF-Token", token);
  return { ...init, headers };
}

async function call(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(error);
  }
  if (!response.ok) throw await readError(response);
  return response;
}

async function read<Result>(response: Response): Promise<Result> {
  return response.status === 204 ? (undefined as Result) : ((await response.json()) as Result);
}

/** Read an error response. */
export async function readError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After"));
  return new ApiError(response.status, await readProblem(response), retryAfter > 0 ? retryAfter : undefined);
}

/** A 4xx response will not change; server errors and failed connections may be temporary. */
export const isTemporary = (error: Error | null): boolean => !(error instanceof ApiError && error.status < 500);

async function readProblem(response: Response): Promise<Partial<Problem>> {
  const type = response.headers.get("Content-Type") ?? "";
  if (!type.includes("json")) return {};
  return (await response.json().catch(() => ({}))) as Partial<Problem>;
}

function query(parameters: Parameters): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

function cookie(name: string): string | undefined {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found === undefined ? undefined : decodeURIComponent(found.slice(name.length + 1));
}
