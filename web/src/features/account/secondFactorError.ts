import { ApiError } from "../../api/client";
import { formatWait } from "../../ui/format/wait";

/** Return what went wrong and what to do. */
export function secondFactorErrorText(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  if (error.status === 429) return `Too many attempts. Try again in ${formatWait(error.retryAfter ?? 60)}.`;
  if (error.status === 409) return `${error.detail} Reload the page to see the present state.`;
  const fields = error.problem.errors?.map(({ field }) => field) ?? [];
  if (fields.includes("body.password")) return "The password is incorrect.";
  if (fields.includes("body.code")) {
    return "The code is incorrect or has already been used. Check your device's clock, and enter the next code that your app shows.";
  }
  return error.detail;
}
