import { useParams } from "react-router";

import { ApiError, type Tagged } from "../../api/client";
import type { ConfiguredDestination } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { DestinationNotice } from "../../subjects/destinations/DestinationNotice";
import { destinationName } from "../../subjects/destinations/names";
import { TestEvent } from "../../subjects/destinations/TestEvent";
import { useDestination } from "../../subjects/destinations/useDestination";
import { useDestinations } from "../../subjects/destinations/useDestinations";
import { LinkButton } from "../../ui/controls/Button";
import { PageFrame } from "../../ui/panel/PageFrame";
import { Section } from "../../ui/panel/Section";
import { Banner } from "../../ui/states/Banner";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { Activity } from "./Activity";
import styles from "./Destinations.module.css";
import { EnableButton } from "./EnableButton";
import { metaOf } from "./meta";
import { SettingsSection } from "./SettingsSection";
import { destinationPageWords } from "./words";

export default function DestinationPage() {
  const words = useWords(destinationPageWords);
  const { id = "" } = useParams();
  const destination = useDestination(id);
  const failure = useFailure(destination);

  if (destination.data !== undefined) return <Destination destination={destination.data} />;
  return (
    <PageFrame title={words.title} back={{ to: "/destinations", text: words.title }}>
      {failure === null ? (
        <Loading what={words.what.one} rows={5} />
      ) : failure instanceof ApiError && failure.status === 404 ? (
        <Empty title={words.unknown.title} text={words.unknown.text} action={<LinkButton to="/destinations">{words.unknown.back}</LinkButton>} />
      ) : (
        <Failed what={words.what.one} error={failure} retry={() => void destination.refetch()} />
      )}
    </PageFrame>
  );
}

function Destination({ destination }: { destination: Tagged<ConfiguredDestination> }) {
  const words = useWords(destinationPageWords);
  const { id, kind, name } = destination.value;
  const listed = useDestinations().data?.items.find((each) => each.id === id);
  const meta = metaOf(destination.value);

  return (
    <PageFrame
      title={`${destinationName(kind)} (${name})`}
      back={{ to: "/destinations", text: words.title }}
      actions={<EnableButton destination={destination} />}
    >
      {listed !== undefined && listed.status !== "active" && <DestinationNotice destination={listed} />}
      {meta?.test_event_code != null && <Banner tone="warn">{words.testMode}</Banner>}
      <div className={styles.columns}>
        <div className={styles.card}>
          <Section title={words.sections.health}>
            <Activity id={id} kind={kind} />
          </Section>
          {meta !== undefined && (
            <Section title={words.sections.test}>
              <TestEvent id={id} storedCode={meta.test_event_code ?? null} />
            </Section>
          )}
        </div>
        <div className={styles.card}>
          <Section title={words.sections.settings}>
            {/* Another version, by another person, fills the form anew. */}
            <SettingsSection key={destination.etag} destination={destination} />
          </Section>
        </div>
      </div>
    </PageFrame>
  );
}
