import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { OnboardingRing } from "../../subjects/onboarding/OnboardingRing";
import { Button } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { Logo } from "../../ui/display/Logo";
import { keyText } from "../../ui/keys/keyText";
import { groupsOf, navigationOf } from "../pages";
import { appWords } from "../words";
import { ConnectionState } from "./ConnectionState";
import { NavigationLink } from "./NavigationLink";
import type { Overlay } from "./overlays";
import styles from "./Rail.module.css";
import { useKeyHints } from "./useKeyHints";
import type { OpenWork } from "./useOpenWork";
import { UserMenu } from "./UserMenu";

interface Props {
  folded: boolean;
  /** Whether the window is wide enough to unfold it. */
  foldable: boolean;
  openWork: OpenWork;
  onFold: () => void;
  onOpen: (overlay: Overlay) => void;
}

/** The navigation at the side: 216 px wide, or 56 px with icons only. */
export function Rail({ folded, foldable, openWork, onFold, onOpen }: Props) {
  const identity = useIdentity();
  const words = useWords(appWords);
  const showKeys = useKeyHints();

  return (
    <header className={styles.rail} data-folded={folded || undefined}>
      <div className={styles.brand} title={identity.tenant.name}>
        <Logo />
        <span className={styles.names}>
          <span className={styles.product}>Orylo</span>
          <span className={styles.tenant}>{identity.tenant.name}</span>
        </span>
      </div>
      <button
        type="button"
        className={styles.search}
        title={words.search}
        onClick={() => {
          onOpen("commands");
        }}
      >
        <Icon name="search" size={16} />
        <span className={styles.text}>{words.search}</span>
        <span aria-hidden="true" className={styles.hint}>
          {keyText("Mod+k")}
        </span>
      </button>
      <nav aria-label={words.navigation} className={styles.nav}>
        {groupsOf(navigationOf(identity)).map(({ group, pages }) => (
          <div key={group} className={styles.group}>
            {group !== "work" && <p className={styles.heading}>{words.groups[group]}</p>}
            {pages.map((page) => (
              <NavigationLink
                key={page.id}
                page={page}
                look="rail"
                count={countOf(openWork, page.id)}
                showKey={showKeys && !folded}
              />
            ))}
          </div>
        ))}
      </nav>
      <div className={styles.foot}>
        {!folded && <OnboardingRing />}
        <ConnectionState short={folded} />
        <div className={styles.account}>
          <UserMenu short={folded} onOpen={onOpen} />
          {foldable && (
            <Button
              look="quiet"
              className={styles.fold ?? ""}
              aria-label={folded ? words.unfold : words.fold}
              aria-keyshortcuts="["
              title={`${folded ? words.unfold : words.fold} [`}
              onClick={onFold}
            >
              <Icon name="chevron" />
            </Button>
          )}
        </div>
      </div>
    </header>
  );
}

/** What waits at a page. */
export const countOf = (openWork: OpenWork, id: string): number | undefined =>
  id === "review" || id === "problems" ? openWork[id] : undefined;
