import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { GATEWAYS, gatewayName } from "../../subjects/gateways/names";
import { RecentWebhooks } from "../../subjects/gateways/RecentWebhooks";
import { SampleButton } from "../../subjects/gateways/SampleButton";
import { SetUpGuide } from "../../subjects/gateways/SetUpGuide";
import { useGateway, useGateways } from "../../subjects/gateways/useGateways";
import { AddressNotice } from "../../subjects/gateways/WebhookUrl";
import { gatewayWords } from "../../subjects/gateways/words";
import { Button, LinkButton } from "../../ui/controls/Button";
import { Badge } from "../../ui/display/Badge";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import styles from "./Welcome.module.css";
import { welcomeWords } from "./words";

interface Props {
  gateway: string | undefined;
  onChoose: (gateway: string | undefined) => void;
}

/** Choose a gateway, then connect it in its own words while its webhooks appear beside it. */
export function GatewayStep({ gateway, onChoose }: Props) {
  const words = useWords(welcomeWords);

  if (gateway === undefined) return <Tiles onChoose={onChoose} />;
  return (
    <div className={styles.columns}>
      <section aria-labelledby="gateway" className={styles.card}>
        <h3 id="gateway">
          {gatewayName(gateway)}
          <Button
            look="quiet"
            onClick={() => {
              onChoose(undefined);
            }}
          >
            {words.gateway.change}
          </Button>
        </h3>
        <SetUp gateway={gateway} />
      </section>
      <section aria-labelledby="listening" className={styles.card}>
        <h3 id="listening">
          {words.gateway.listening}
          <SampleButton gateway={gateway} />
        </h3>
        <RecentWebhooks gateway={gateway} none={words.gateway.waiting} waiting most={10} />
      </section>
    </div>
  );
}

function Tiles({ onChoose }: Pick<Props, "onChoose">) {
  const words = useWords(welcomeWords);
  const { guides } = useWords(gatewayWords);
  const gateways = useGateways();
  const failure = useFailure(gateways);

  return (
    <>
      {gateways.data === undefined && failure !== null && (
        <Failed what={words.what.gateways} error={failure} retry={() => void gateways.refetch()} />
      )}
      {gateways.data?.items[0] !== undefined && <AddressNotice {...gateways.data.items[0]} />}
      <p>{words.gateway.choose}</p>
      <ul className={styles.tiles}>
        {Object.entries(GATEWAYS).map(([gateway, name]) => (
          <li key={gateway}>
            <button
              type="button"
              className={styles.tile}
              onClick={() => {
                onChoose(gateway);
              }}
            >
              <strong>{name}</strong>
              <span>{guides[gateway]?.sends}</span>
              {gateways.data?.items.some((each) => each.name === gateway && each.configured) && (
                <Badge tone="good" icon="check">
                  {words.gateway.configured}
                </Badge>
              )}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function SetUp({ gateway }: { gateway: string }) {
  const words = useWords(welcomeWords);
  const configuration = useGateway(gateway);
  const failure = useFailure(configuration);

  if (configuration.data === undefined && failure !== null) {
    return <Failed what={words.what.gateway} error={failure} retry={() => void configuration.refetch()} />;
  }
  if (configuration.data === undefined) return <Loading what={words.what.gateway} rows={4} />;
  return (
    <>
      <AddressNotice {...configuration.data.value} />
      <SetUpGuide gateway={gateway} configuration={configuration.data} />
      {configuration.data.value.configured && (
        <p className={styles.foot}>
          {words.gateway.secretKept} <LinkButton to={`/gateways/${gateway}`}>{words.gateway.open}</LinkButton>
        </p>
      )}
    </>
  );
}
