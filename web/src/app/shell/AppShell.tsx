import { lazy, Suspense, useState } from "react";

import { Outlet, useLocation } from "react-router";

import { useWords } from "../../i18n/words";
import { Toaster } from "../../ui/feedback/toasts";
import { Dialog } from "../../ui/panel/Dialog";
import { OldLink } from "../OldLink";
import { PageErrorBoundary } from "../PageErrorBoundary";
import { PageFailed } from "../PageFailed";
import { appWords } from "../words";
import styles from "./AppShell.module.css";
import { Banners } from "./Banners";
import { KeyList } from "./KeyList";
import { MoreSheet } from "./MoreSheet";
import type { Overlay } from "./overlays";
import { PhoneBar } from "./PhoneBar";
import { PhoneHeader } from "./PhoneHeader";
import { Rail } from "./Rail";
import { RecentMessages } from "./RecentMessages";
import { useFoldedRail } from "./useFoldedRail";
import { useOpenWork } from "./useOpenWork";
import { useShellKeys } from "./useShellKeys";
import { useWidth } from "./useWidth";

// Fetched at its first use.
const CommandMenu = lazy(() => import("../commands/CommandMenu"));

/** The frame around every page: navigation, live state, user menu, banners, and what opens above a page. */
export function AppShell() {
  const words = useWords(appWords);
  const width = useWidth();
  const rail = useFoldedRail();
  const openWork = useOpenWork();
  const detectionId = useOldLink();
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const close = () => {
    setOverlay(null);
  };
  useShellKeys(setOverlay, rail.toggle);

  return (
    <div className={styles.shell} data-width={width}>
      <a href="#content" className={styles.skip}>
        {words.skip}
      </a>
      {width === "phone" ? (
        <PhoneHeader onOpen={setOverlay} />
      ) : (
        <Rail
          folded={rail.folded || width === "narrow"}
          foldable={width === "wide"}
          openWork={openWork}
          onFold={rail.toggle}
          onOpen={setOverlay}
        />
      )}
      <main id="content" tabIndex={-1} className={styles.content}>
        <Banners />
        {detectionId === null ? <Outlet context={setOverlay} /> : <OldLink detectionId={detectionId} />}
      </main>
      {width === "phone" && <PhoneBar openWork={openWork} onOpen={setOverlay} />}
      <Toaster />
      {overlay === "keys" && <KeyList onClose={close} />}
      {overlay === "messages" && <RecentMessages onClose={close} />}
      {overlay === "more" && <MoreSheet onClose={close} />}
      {overlay === "commands" && (
        <PageErrorBoundary failed={<CommandsFailed onClose={close} />}>
          <Suspense>
            <CommandMenu onClose={close} onOpen={setOverlay} onFold={rail.toggle} />
          </Suspense>
        </PageErrorBoundary>
      )}
    </div>
  );
}

/** In place of a command menu that cannot be loaded: the page below stays in use. */
function CommandsFailed({ onClose }: { onClose: () => void }) {
  const { commands, pageAdvice } = useWords(appWords);

  return (
    <Dialog title={commands.title} onClose={onClose}>
      <PageFailed title={commands.title} advice={pageAdvice} />
    </Dialog>
  );
}

/** Return the decision that a link of an earlier version names. */
function useOldLink(): string | null {
  const { pathname, search } = useLocation();
  return pathname === "/" ? new URLSearchParams(search).get("detection") : null;
}
