import { Navigate, useLocation } from "react-router";

import { useFailure } from "../api/useFailure";
import { useSession } from "../session/session";
import { StreamProvider } from "../stream/StreamProvider";
import { Failed } from "../ui/states/Failed";
import { Loading } from "../ui/states/Loading";
import { AppShell } from "./shell/AppShell";

/** Everything behind the sign-in. */
export function SignedIn() {
  const session = useSession();
  const failure = useFailure(session);
  const location = useLocation();

  if (session.data === undefined && failure !== null) {
    return <Failed what="Your session" error={failure} retry={() => void session.refetch()} />;
  }
  if (session.data === undefined) return <Loading what="your session" rows={0} />;
  if (session.data === null) return <Navigate to="/login" replace state={{ from: location.pathname + location.search }} />;
  return (
    <StreamProvider>
      <AppShell identity={session.data} />
    </StreamProvider>
  );
}
