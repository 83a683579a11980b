import { ApiError } from "../../api/client";
import type { TenantName } from "../../api/types";
import { formatWait } from "../../ui/format/wait";

const TEXTS: Record<string, string> = {
  wrong_credentials: "The email address or password is incorrect.",
  tenant_needed: "This email address has several accounts. Choose one.",
  totp_needed: "Enter the code from your authenticator app.",
  wrong_totp: "The code is incorrect or has already been used. Enter the code that your app shows now, or a recovery code.",
};

/** Return the text to show for a failed sign-in. */
export function signInErrorText(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  if (error.status === 429) return `Too many attempts. Try again in ${formatWait(error.retryAfter ?? 60)}.`;
  if (error.status === 422) return "Check the email address and password.";
  return TEXTS[error.code] ?? `${error.detail.charAt(0).toUpperCase()}${error.detail.slice(1)}.`;
}

/** Return whether the sign-in needs a two-factor code. */
export const isCodeRequired = (error: Error): boolean => error instanceof ApiError && error.code === "totp_needed";

/** Return the accounts to choose from, if the email address has several. */
export const accountsOf = (error: Error): readonly TenantName[] =>
  (error instanceof ApiError ? error.problem.tenants : null) ?? [];
