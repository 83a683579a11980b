import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { useIdentity } from "../../session/identity";
import { isChangedMeanwhile, useChangePreferences, usePreferences } from "../../session/preferences";
import { sessionWords } from "../../session/words";
import { toast } from "../../ui/feedback/toasts";
import { useProblemText } from "../../ui/problems/problemText";
import { Failed } from "../../ui/states/Failed";
import { FormError } from "../../ui/states/FormError";
import { Loading } from "../../ui/states/Loading";
import { PreferencesForm } from "./PreferencesForm";
import styles from "./ProfilePage.module.css";
import { profileWords } from "./words";

export default function ProfilePage() {
  const { name, role, tenant } = useIdentity();
  const words = useWords(profileWords);
  const { roles } = useWords(sessionWords);

  return (
    <div className={styles.page}>
      <h1 className={styles.title}>{words.title}</h1>
      <p className={styles.lead}>
        {name} · {roles[role]} · {tenant.name}
      </p>
      <Preferences />
    </div>
  );
}

function Preferences() {
  const words = useWords(profileWords);
  const problemText = useProblemText();
  const preferences = usePreferences();
  const failure = useFailure(preferences);
  const change = useChangePreferences({
    onSuccess: () => {
      toast({ text: words.saved, tone: "good" });
    },
  });

  if (failure !== null) return <Failed what={words.what} error={failure} retry={() => void preferences.refetch()} />;
  if (!preferences.isSuccess) return <Loading what={words.loading} rows={5} />;
  const { value, etag } = preferences.data;
  return (
    <>
      {change.error !== null && (
        <FormError text={isChangedMeanwhile(change.error) ? words.changedMeanwhile : problemText(change.error)} />
      )}
      {/* A new state resets the form. */}
      <PreferencesForm key={etag} preferences={value} busy={change.isPending} onSave={change.start} />
    </>
  );
}
