import { useState } from "react";

import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./AccountPage.module.css";
import { Sessions } from "./Sessions";
import { SetUp } from "./SetUp";
import { TurnOff } from "./TurnOff";
import { useSecondFactor } from "./useSecondFactor";
import { accountWords } from "./words";

export default function AccountPage() {
  const { name, tenant } = useIdentity();
  const words = useWords(accountWords);

  return (
    <div className={styles.page}>
      <h1 className={styles.title}>{words.title}</h1>
      <p className={styles.lead}>
        {name} · {tenant.name}
      </p>
      <section aria-labelledby="second-factor">
        <h2 id="second-factor" className={styles.heading}>
          {words.secondFactor}
        </h2>
        <SecondFactor />
      </section>
      <Sessions />
    </div>
  );
}

function SecondFactor() {
  const words = useWords(accountWords);
  const secondFactor = useSecondFactor();
  const failure = useFailure(secondFactor);
  // The recovery codes stay on the page until the user has saved them, though it is on by then.
  const [settingUp, setSettingUp] = useState(false);

  if (failure !== null) {
    return <Failed what={words.secondFactor} error={failure} retry={() => void secondFactor.refetch()} />;
  }
  if (!secondFactor.isSuccess) return <Loading what={words.loading} rows={2} />;
  if (secondFactor.data.enabled && !settingUp) return <TurnOff codesLeft={secondFactor.data.recovery_codes_left} />;
  return (
    <SetUp
      onBegin={() => {
        setSettingUp(true);
      }}
      onEnd={() => {
        void secondFactor.refetch().then(() => {
          setSettingUp(false);
        });
      }}
    />
  );
}
