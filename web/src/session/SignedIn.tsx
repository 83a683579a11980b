import type { ReactNode } from "react";

import { Navigate, useLocation } from "react-router";

import { useFailure } from "../api/useFailure";
import { useWords } from "../i18n/words";
import { Failed } from "../ui/states/Failed";
import { Loading } from "../ui/states/Loading";
import { IdentityContext } from "./identity";
import { hasSessionEnded, type SignInState, useSession } from "./session";
import { sessionWords } from "./words";

/** Require a session: render the children, or redirect to the sign-in page. */
export function SignedIn({ children }: { children: ReactNode }) {
  const session = useSession();
  const failure = useFailure(session);
  const location = useLocation();
  const words = useWords(sessionWords);

  if (session.data === undefined && failure !== null) {
    return <Failed what={words.session.what} error={failure} retry={() => void session.refetch()} />;
  }
  if (session.data === undefined) return <Loading what={words.session.loading} rows={0} />;
  if (session.data === null) {
    const from = location.pathname + location.search;
    return <Navigate to="/login" replace state={{ from, ended: hasSessionEnded() } satisfies SignInState} />;
  }
  // Another tab may have signed in as another user: then everything starts anew.
  return (
    <IdentityContext key={session.data.id} value={session.data}>
      {children}
    </IdentityContext>
  );
}
