import { ApiError } from "../../api/client";
import type { TenantName } from "../../api/types";

const WORDS: Record<string, string> = {
  wrong_credentials: "The e-mail address or the password is wrong.",
  tenant_needed: "This e-mail address has several accounts. Choose one.",
  totp_needed: "Enter the code from your authenticator.",
  wrong_totp: "The code is wrong, or was used already.",
};

/** What a refused sign-in means for the person in front of it. */
export function refusalInWords(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  if (error.status === 429) return `Too many attempts. Try again in ${waitInWords(error.retryAfter ?? 60)}.`;
  if (error.status === 422) return "Check the e-mail address and the password.";
  return WORDS[error.code] ?? `${error.detail.charAt(0).toUpperCase()}${error.detail.slice(1)}.`;
}

/** Some sign-ins need one thing more than an address and a password; the refusal says which. */
export const asksForCode = (error: Error): boolean => error instanceof ApiError && error.code === "totp_needed";
export const tenantsIn = (error: Error): readonly TenantName[] =>
  (error instanceof ApiError ? error.problem.tenants : null) ?? [];

function waitInWords(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
