import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { LinkButton } from "../../ui/controls/Button";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import styles from "./Welcome.module.css";
import { welcomeWords } from "./words";

/** A second factor for oneself, and the command that adds further people: the API has no invitations yet. */
export function TeamStep() {
  const { team: words } = useWords(welcomeWords);
  const { tenant } = useIdentity();

  return (
    <div className={styles.card}>
      <p>{words.second}</p>
      <LinkButton to="/account">{words.toAccount}</LinkButton>
      <p>{words.add}</p>
      <CopyableCode name={words.command} text={`orylo user create ${tenant.slug} bia@example.com --role analyst`} />
    </div>
  );
}
