import type { ReactNode } from "react";

import { useWords } from "../i18n/words";
import { NoAccess } from "../ui/states/NoAccess";
import { type Permission, useIdentity } from "./identity";
import { sessionWords } from "./words";

/** Render the children if the signed-in user has the permission. */
export function Permitted({ permission, children }: { permission: Permission; children: ReactNode }) {
  const { permissions } = useIdentity();
  const words = useWords(sessionWords);

  if (!permissions.includes(permission)) return <NoAccess advice={words.noPage} />;
  return children;
}
