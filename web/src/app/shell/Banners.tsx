import type { ReactNode } from "react";

import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { SwitchBanner } from "../../subjects/switches/SwitchBanner";
import { useSwitches } from "../../subjects/switches/useSwitches";
import { Banner } from "../../ui/states/Banner";
import { appWords } from "../words";
import styles from "./Banners.module.css";
import { NotLiveBanner } from "./NotLiveBanner";
import { useIsStreamDown } from "./useIsStreamDown";
import { VisitBanner } from "./VisitBanner";

/** The most urgent of the states that concern every page. Never two at once. */
export function Banners() {
  const banner = useMostUrgent();
  return banner !== null && <div className={styles.banners}>{banner}</div>;
}

function useMostUrgent(): ReactNode {
  const { demo, impersonation } = useIdentity();
  const words = useWords(appWords);
  const switches = useSwitches().data ?? [];
  const isDown = useIsStreamDown();

  if (impersonation !== null) return <VisitBanner visit={impersonation} />;
  if (switches.length > 0) return <SwitchBanner />;
  if (isDown) return <NotLiveBanner />;
  return demo ? <Banner>{words.demo}</Banner> : null;
}
