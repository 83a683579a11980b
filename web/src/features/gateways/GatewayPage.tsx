import { useParams } from "react-router";

import { ApiError } from "../../api/client";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { gatewayName } from "../../subjects/gateways/names";
import { RecentWebhooks } from "../../subjects/gateways/RecentWebhooks";
import { SampleButton } from "../../subjects/gateways/SampleButton";
import { SetUpGuide } from "../../subjects/gateways/SetUpGuide";
import { useGateway } from "../../subjects/gateways/useGateways";
import { AddressNotice, WebhookUrl } from "../../subjects/gateways/WebhookUrl";
import { LinkButton } from "../../ui/controls/Button";
import { PageFrame } from "../../ui/panel/PageFrame";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./Gateways.module.css";
import { HealthNotices } from "./HealthNotices";
import { HourlyChart } from "./HourlyChart";
import { PauseButton } from "./PauseButton";
import { SecretList } from "./SecretList";
import { SettingsForm } from "./SettingsForm";
import { gatewayPageWords } from "./words";

export default function GatewayPage() {
  const words = useWords(gatewayPageWords);
  const { gateway = "" } = useParams();
  const configuration = useGateway(gateway);
  const failure = useFailure(configuration);
  const title = gatewayName(gateway);
  const back = { to: "/gateways", text: words.title };

  if (configuration.data === undefined) {
    return (
      <PageFrame title={title} back={back}>
        {failure === null ? (
          <Loading what={words.what.one} rows={5} />
        ) : failure instanceof ApiError && failure.status === 404 ? (
          <Empty {...words.unknown} action={<LinkButton to="/gateways">{words.unknown.back}</LinkButton>} />
        ) : (
          <Failed what={words.what.one} error={failure} retry={() => void configuration.refetch()} />
        )}
      </PageFrame>
    );
  }
  if (!configuration.data.value.configured) {
    return (
      <PageFrame title={title} back={back}>
        <AddressNotice {...configuration.data.value} />
        <div className={styles.card}>
          <Section title={words.sections.setUp}>
            <SetUpGuide gateway={gateway} configuration={configuration.data} />
          </Section>
        </div>
      </PageFrame>
    );
  }
  return (
    <PageFrame
      title={title}
      back={back}
      actions={
        <>
          <SampleButton gateway={gateway} />
          <PauseButton gateway={gateway} />
        </>
      }
    >
      <AddressNotice {...configuration.data.value} />
      <HealthNotices gateway={gateway} />
      <div className={styles.columns}>
        <div className={styles.card}>
          <Section title={words.sections.url}>
            <WebhookUrl {...configuration.data.value} />
          </Section>
          <Section title={words.sections.secrets}>
            <SecretList gateway={gateway} />
          </Section>
          <Section title={words.sections.settings}>
            {/* Another version, by another person, fills the form anew. */}
            <SettingsForm key={configuration.data.etag} gateway={gateway} configuration={configuration.data} />
          </Section>
        </div>
        <div className={styles.card}>
          <Section title={words.sections.hours} hideTitle>
            <HourlyChart gateway={gateway} />
          </Section>
          <Section title={words.sections.webhooks}>
            <RecentWebhooks gateway={gateway} />
          </Section>
        </div>
      </div>
    </PageFrame>
  );
}
