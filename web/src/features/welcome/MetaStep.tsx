import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { MetaForm } from "../../subjects/destinations/MetaForm";
import { DestinationNotice } from "../../subjects/destinations/DestinationNotice";
import { TestEvent } from "../../subjects/destinations/TestEvent";
import { useAddMeta } from "../../subjects/destinations/useDestination";
import { useDestinations } from "../../subjects/destinations/useDestinations";
import { destinationWords } from "../../subjects/destinations/words";
import { useRereadOnboarding } from "../../subjects/onboarding/useOnboarding";
import { LinkButton } from "../../ui/controls/Button";
import { useFailure } from "../../api/useFailure";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./Welcome.module.css";
import { welcomeWords } from "./words";

/** Add a Meta dataset, then try it with a test event. */
export function MetaStep({ done }: { done: boolean }) {
  const { meta: words } = useWords(welcomeWords);
  const { form, label } = useWords(destinationWords);
  const destinations = useDestinations();
  const failure = useFailure(destinations);
  const add = useAddMeta(useRereadOnboarding());

  if (destinations.data === undefined) {
    return failure === null ? (
      <Loading what={label} rows={4} />
    ) : (
      <Failed what={label} error={failure} retry={() => void destinations.refetch()} />
    );
  }
  const meta = destinations.data.items.find(({ kind }) => kind === "meta");
  return (
    <div className={styles.card}>
      {meta === undefined ? (
        <>
          <h3>{words.add}</h3>
          <Guarded permission="destinations.change">
            <MetaForm
              action={form.add}
              busy={add.isPending}
              error={add.error}
              onSave={(config, token) => {
                add.start({ name: "default", token, config });
              }}
            />
          </Guarded>
        </>
      ) : (
        <>
          {meta.status !== "active" && <DestinationNotice destination={meta} linked />}
          <h3>
            {words.test}
            <LinkButton to={`/destinations/${meta.id}`}>{words.open}</LinkButton>
          </h3>
          <TestEvent id={meta.id} storedCode={null} />
          {!done && <p>{words.waiting}</p>}
        </>
      )}
    </div>
  );
}
