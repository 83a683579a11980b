import type { ReactNode } from "react";

import { NoAccess } from "../ui/states/NoAccess";
import { type Permission, useIdentity } from "./identity";

/** Render the children if the signed-in user has the permission. */
export function Permitted({ permission, children }: { permission: Permission; children: ReactNode }) {
  const { permissions } = useIdentity();

  if (!permissions.includes(permission)) {
    return <NoAccess advice="Your role has no access to this page. Ask an owner or admin of your account." />;
  }
  return children;
}
