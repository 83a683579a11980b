import { humanise } from "../../ui/format/text";
import type { Words } from "./words";

/** The method of a conversion that is attributed to no click. */
export const NO_MATCH = "none";

/** The methods in their order of confidence. */
export const METHODS = ["click_id", "fbc", "fbp", "email", "phone", "ip_user_agent", NO_MATCH] as const;

export const methodName = (words: Words, method: string): string => words.methods[method] ?? humanise(method);
