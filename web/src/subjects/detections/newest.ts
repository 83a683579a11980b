import type { Detection } from "../../api/types";

/** Return whether a decision on a payment takes the place of another one. Those of earlier versions have version 0. */
export function replaces({ version, id }: Detection, other: Detection | undefined): boolean {
  if (other === undefined) return true;
  return version === other.version ? id > other.id : version > other.version;
}
