import type { MiddlewareCallbackParams } from "openapi-fetch";

import type { components } from "./schema.js";

export type FieldProblem = components["schemas"]["FieldProblem"];
type Problem = components["schemas"]["ProblemDetails"];

/** The server refused a request. `code` is stable and for programs; `title` and `detail` are for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | null;
  /** Each invalid field, by its place, such as `body.reason`. */
  readonly errors: FieldProblem[];

  constructor(status: number, problem: Partial<Problem>) {
    const { code = "unknown", title = "", detail = null, errors = null } = problem;
    super(`${status} ${code}: ${detail ?? title}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.errors = errors ?? [];
  }
}

/** Throw an `ApiError` for an error response. Responses of proxies are not problem details. */
export async function raiseProblems({ response }: MiddlewareCallbackParams & { response: Response }): Promise<void> {
  if (response.status < 400) return;
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json") ?? false;
  throw new ApiError(response.status, isProblem ? ((await response.json()) as Problem) : { title: response.statusText });
}
