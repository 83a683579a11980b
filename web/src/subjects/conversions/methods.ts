import type { Conversion } from "../../api/types";
import { formatPercent } from "../../ui/format/number";
import { capitalise } from "../../ui/format/text";
import { methodLabel } from "./labels";
import type { Words } from "./words";

/** The method of a conversion that is attributed to no click. */
export const NO_MATCH = "none";

/** The methods in their order of confidence. */
export const METHODS = ["click_id", "fbc", "fbp", "email", "phone", "ip_user_agent", NO_MATCH] as const;

/** A method where it stands alone, such as "Click ID". */
export const methodTitle = (words: Words, method: string): string => capitalise(methodLabel(words, method));

/** How a conversion is matched, and how surely: "Email · 85%". */
export const matchText = (words: Words, { method, confidence }: Conversion["match"]): string =>
  method === NO_MATCH ? methodTitle(words, method) : `${methodTitle(words, method)} · ${formatPercent(confidence)}`;
