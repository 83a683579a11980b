import { Navigate, useLocation } from "react-router";

import { useSession } from "../session/session";
import { StreamProvider } from "../stream/StreamProvider";
import { Failed } from "../ui/Failed";
import { Loading } from "../ui/Loading";
import { AppShell } from "./AppShell";

/** Everything behind the sign-in. */
export function SignedIn() {
  const session = useSession();
  const location = useLocation();

  if (session.isPending) return <Loading what="your session" rows={0} />;
  if (session.isError && session.data === undefined) {
    return <Failed what="Your session" error={session.error} retry={() => void session.refetch()} />;
  }
  if (session.data === null) return <Navigate to="/login" replace state={{ from: location.pathname + location.search }} />;
  return (
    <StreamProvider>
      <AppShell identity={session.data} />
    </StreamProvider>
  );
}
