import type { ProblemKind } from "./address";

/** The names of the kinds in the catalog. */
export const NAMES = { "dead-letters": "deadLetters", quarantine: "quarantine", rejections: "rejections" } as const satisfies Record<ProblemKind, string>;
