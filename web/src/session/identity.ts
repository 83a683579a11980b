import { createContext, useContext } from "react";

import type { Identity } from "../api/types";

export type Permission = Identity["permissions"][number];

export const IdentityContext = createContext<Identity | null>(null);

/** Return who is signed in. Only for components inside SignedIn. */
export function useIdentity(): Identity {
  const identity = useContext(IdentityContext);
  if (identity === null) throw new Error("useIdentity needs SignedIn around the component");
  return identity;
}
