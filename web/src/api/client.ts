import type { Problem } from "./types";

/** The API answered, and said no. `detail` is a sentence for a person. */
export class ApiError extends Error {
  readonly status: number;
  /** For programs, such as `wrong_credentials`: the last part of the problem's type. */
  readonly code: string;
  readonly detail: string;
  readonly problem: Partial<Problem>;
  /** Seconds to wait, where the API says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Partial<Problem>, retryAfter?: number) {
    const detail = problem.detail ?? problem.title ?? `The server answered ${status}.`;
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.type?.split(":").at(-1) ?? "";
    this.detail = detail;
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** No answer at all: the server is down, or the way to it is. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("Orylo does not answer. Check the connection; it is tried again on its own.", { cause });
    this.name = "Unreachable";
  }
}

type Parameters = Record<string, string | number | undefined>;

export async function get<Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Answer> {
  return withSession<Answer>(path + query(parameters), { ...(signal && { signal }) });
}

export async function post<Answer>(path: string, body?: unknown): Promise<Answer> {
  return withSession<Answer>(path, posting(body));
}

/** Like `post`, for the calls that make a session: a refusal is theirs and is not answered by a refresh. */
export async function postOnce<Answer>(path: string, body?: unknown): Promise<Answer> {
  return call<Answer>(path, posting(body));
}

/** Whether somebody has signed in here: this cookie lives exactly as long as the session can be lengthened. */
export function mayHaveSession(): boolean {
  return cookie("orylo_csrf") !== undefined;
}

let refreshing: Promise<unknown> | null = null;

/** Sessions are short and lengthened on demand; however many calls need it, it is asked for once. */
export function refreshSession(): Promise<unknown> {
  refreshing ??= postOnce("/api/v1/auth/refresh").finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function withSession<Answer>(url: string, init: RequestInit): Promise<Answer> {
  try {
    return await call<Answer>(url, init);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    await refreshSession();
    return call<Answer>(url, withToken(init));
  }
}

function posting(body: unknown): RequestInit {
  return withToken({
    method: "POST",
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
}

function withToken(init: RequestInit): RequestInit {
  const token = cookie("orylo_csrf");
  if (init.method !== "POST" || token === undefined) return init;
  const headers = new Headers(init.headers);
  headers.set("X-CSRF-Token", token);
  return { ...init, headers };
}

async function call<Answer>(url: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(error);
  }
  if (!response.ok) {
    const retryAfter = Number(response.headers.get("Retry-After"));
    throw new ApiError(response.status, await problemOf(response), retryAfter > 0 ? retryAfter : undefined);
  }
  if (response.status === 204) return undefined as Answer;
  return (await response.json()) as Answer;
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
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
