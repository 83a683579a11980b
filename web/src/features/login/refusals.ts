import { ApiError } from "../../api/client";

const WORDS: Record<string, string> = {
  wrong_credentials: "The e-mail address or the password is wrong.",
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

export type ExtraField = "tenant" | "totp";

/** Some accounts need one thing more than an address and a password; the refusal says which. */
export function extraFieldOf(error: Error): ExtraField | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.code === "tenant_needed") return "tenant";
  return error.code === "totp_needed" ? "totp" : undefined;
}

function waitInWords(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
