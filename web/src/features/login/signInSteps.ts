import { ApiError } from "../../api/client";
import type { LoginRequest, TenantName } from "../../api/types";

export type Credentials = Pick<LoginRequest, "email" | "password">;

/** What the sign-in asks for. One thing at a time; each step keeps the answers of those before. */
export type Step =
  | { name: "credentials" }
  | { name: "shop"; credentials: Credentials; tenants: readonly TenantName[] }
  | { name: "code"; credentials: Credentials; tenant: string | null };

/** Return what to ask for after a refusal: something more, or the same again. */
export function stepAfter(step: Step, sent: LoginRequest, error: Error): Step {
  if (!(error instanceof ApiError)) return step;
  const { email, password, tenant } = sent;
  if (error.code === "tenant_needed" && error.problem.tenants) {
    return { name: "shop", credentials: { email, password }, tenants: error.problem.tenants };
  }
  if (error.code === "totp_needed") return { name: "code", credentials: { email, password }, tenant: tenant ?? null };
  if (error.code === "wrong_credentials") return { name: "credentials" };
  return step;
}

/** Return whether a refusal only asks for something more, and is no error to show. */
export const asksForMore = (error: Error): boolean =>
  error instanceof ApiError && ["tenant_needed", "totp_needed"].includes(error.code);

/** Return when the next attempt is allowed, in milliseconds since 1970, if too many were made. */
export function lockedUntil(error: Error, now: number): number | null {
  return error instanceof ApiError && error.status === 429 ? now + (error.retryAfter ?? 60) * 1_000 : null;
}
