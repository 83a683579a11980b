import type { GatewayConfiguration } from "../../api/types";
import type { Tagged } from "../../api/client";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { Icon } from "../../ui/display/Icon";
import { toast } from "../../ui/feedback/toasts";
import styles from "./Gateways.module.css";
import { freeLabel, SecretForm } from "./SecretForm";
import { changeOf, useSaveGateway } from "./useGateways";
import { WebhookUrl } from "./WebhookUrl";
import { gatewayWords } from "./words";

/** The steps that connect a gateway, in its own words: where to click, the URL, the events and the secret. */
export function SetUpGuide({ gateway, configuration }: { gateway: string; configuration: Tagged<GatewayConfiguration> }) {
  const words = useWords(gatewayWords);
  const guide = words.guides[gateway];
  const save = useSaveGateway(gateway, {
    onSaved: () => {
      toast({ text: words.setUp.done, tone: "good" });
    },
  });

  if (guide === undefined) return null;
  return (
    <ol className={styles.steps}>
      <li>
        <p>
          {guide.open}.{" "}
          <a href={guide.link} target="_blank" rel="noreferrer">
            {words.setUp.open} <Icon name="external" size={12} />
          </a>
        </p>
      </li>
      <li>
        <p>{words.setUp.paste}</p>
        <WebhookUrl {...configuration.value} />
      </li>
      <li>
        <p>
          {words.setUp.events}: {guide.events}
        </p>
        <p className={styles.hint}>
          {words.setUp.sends}: {guide.sends}
        </p>
      </li>
      <li>
        <p>{words.setUp.secret(guide.secret)}</p>
        <p className={styles.hint}>{guide.whereSecret}</p>
        {configuration.value.configured ? (
          <p className={styles.done}>
            <Icon name="check" /> {words.setUp.done}
          </p>
        ) : (
          <Guarded permission="gateways.change">
            <SecretForm
              name={guide.secret}
              label={freeLabel([])}
              busy={save.isPending}
              error={save.error}
              onSave={(secret) => {
                save.start({ body: { ...changeOf(configuration), enabled: true, secret }, etag: configuration.etag });
              }}
            />
          </Guarded>
        )}
      </li>
      <li>
        <p>{guide.test}</p>
      </li>
    </ol>
  );
}
