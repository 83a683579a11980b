import { plural } from "../../i18n/plural";
import type { Words } from "./words";

const wait = (seconds: number): string => {
  if (seconds < 90) return `${seconds} ${plural(seconds, "second", "seconds")}`;
  const minutes = Math.ceil(seconds / 60);
  return `${minutes} ${plural(minutes, "minute", "minutes")}`;
};

export const words: Words = {
  // The API's own sentences are English and often say more. Only what a user would say otherwise is here.
  problems: {
    too_many_attempts: ({ retryAfter }) => `Too many attempts. Try again in ${wait(retryAfter ?? 60)}.`,
    precondition_failed: "Someone changed this meanwhile. Here is the new state: check it, then try again.",
    session_ended: "Your session has ended. Sign in again.",
    csrf: "This page is no longer signed in. Reload it, then try again.",
    internal: "Orylo has an error of its own, which is logged. Try again later.",
  },
  unreachable: "Orylo is not responding. Check your connection, then try again.",
  request: (id) => `(Request ${id})`,
  wait,
};
