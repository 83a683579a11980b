import type { Permission } from "../../session/identity";
import type { BulkAction, SettledKind } from "./useProblems";

/** Return the permission that an action needs. */
export function permissionTo(action: BulkAction, kind: SettledKind): Permission {
  if (kind === "dead-letters") return "dead_letters.settle";
  return action === "replay" ? "quarantine.replay" : "quarantine.discard";
}
