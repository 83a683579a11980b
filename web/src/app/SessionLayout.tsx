import { useLanguage } from "../i18n/language";
import { useZone } from "../i18n/zone";
import { useAppliedPreferences } from "../session/preferences";
import { SignedIn } from "../session/SignedIn";
import { StreamProvider } from "../stream/StreamProvider";
import { AppShell } from "./shell/AppShell";

/** The frame of the pages that require a session. */
export default function SessionLayout() {
  return (
    <SignedIn>
      <StreamProvider>
        {/* Another language or time zone renders everything anew: also what formats numbers and times outside of components. */}
        <Preferred key={`${useLanguage()} ${useZone()}`} />
      </StreamProvider>
    </SignedIn>
  );
}

/** The shell, as the user prefers it. */
function Preferred() {
  return useAppliedPreferences() && <AppShell />;
}
